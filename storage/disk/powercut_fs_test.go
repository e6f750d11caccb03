package disk

import (
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
)

// forgetFS is a file system whose power can be cut. What is on it then is what
// was synced: of a file its content at its last Sync, of a directory its entries
// at its last SyncDir. A rename is atomic, as on every file system with a
// journal: it is there once the directory at either end of it was synced.
type forgetFS struct {
	fsys
	dir string

	mu      sync.Mutex
	left    int // steps that change something until the power is cut
	cut     bool
	now     entries // what a running process sees
	kept    entries // what is there after a cut
	renames []rename
}

type entries struct {
	files map[string]*inode
	dirs  map[string]bool
}

// inode is a file whatever its name.
type inode struct {
	kept []byte // what was synced
	size int64  // what was written
}

type rename struct {
	from, to string
	of       *inode
}

// forgetful puts a forgetFS below a store that was just opened.
func forgetful(t *testing.T, dir string, steps int) (*Store, *forgetFS) {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() }) // closed before, where nothing went wrong
	f := &forgetFS{fsys: s.fs, dir: dir, left: steps}
	f.kept = f.everything(t)
	f.now = entries{maps.Clone(f.kept.files), maps.Clone(f.kept.dirs)}
	s.fs = f
	return s, f
}

// everything is what the directory has now, all of it durable.
func (f *forgetFS) everything(t *testing.T) entries {
	t.Helper()
	e := entries{map[string]*inode{}, map[string]bool{".": true}}
	err := fs.WalkDir(os.DirFS(f.dir), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			e.dirs[name] = true
			return nil
		}
		b, err := os.ReadFile(filepath.Join(f.dir, name))
		e.files[name] = &inode{b, int64(len(b))}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// afterwards writes what is left after the cut into a new directory. Where torn
// is set, the lengths of files were kept, and what was not synced reads as zeros.
func (f *forgetFS) afterwards(t *testing.T, torn bool) (dir string) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	dir = t.TempDir()
	for name := range f.kept.dirs {
		if f.reachable(name) {
			must(t, os.MkdirAll(filepath.Join(dir, name), dirMode))
		}
	}
	for name, i := range f.kept.files {
		if !f.reachable(path.Dir(name)) {
			continue
		}
		content := i.kept
		if torn && i.size > int64(len(content)) {
			content = append(append([]byte(nil), content...), make([]byte, i.size-int64(len(content)))...)
		}
		must(t, os.WriteFile(filepath.Join(dir, name), content, fileMode))
	}
	return dir
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// reachable says whether all directories down to dir are kept.
func (f *forgetFS) reachable(dir string) bool {
	for ; dir != "."; dir = path.Dir(dir) {
		if !f.kept.dirs[dir] {
			return false
		}
	}
	return true
}

// step counts, and fails once the power is cut.
func (f *forgetFS) step() error {
	if f.left--; f.left < 0 {
		f.cut = true
	}
	if f.cut {
		return syscall.EIO
	}
	return nil
}

func (f *forgetFS) off() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.cut
}

// do runs one step that changes something.
func (f *forgetFS) do(step func() error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.step(); err != nil {
		return err
	}
	return step()
}

func (f *forgetFS) Create(name string) (file, error) {
	var made file
	err := f.do(func() error {
		inner, err := f.fsys.Create(name)
		if err != nil {
			return err
		}
		i := new(inode)
		f.now.files[name] = i
		made = &forgetFile{inner, f, i, name}
		return nil
	})
	return made, err
}

func (f *forgetFS) Update(name string) (file, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.cut {
		return nil, syscall.EIO
	}
	inner, err := f.fsys.Update(name)
	if err != nil {
		return nil, err
	}
	return &forgetFile{inner, f, f.now.files[name], name}, nil
}

func (f *forgetFS) MkdirAll(name string) error {
	return f.do(func() error {
		for dir := name; dir != "."; dir = path.Dir(dir) {
			f.now.dirs[dir] = true
		}
		return f.fsys.MkdirAll(name)
	})
}

func (f *forgetFS) Rename(from, to string) error {
	return f.do(func() error {
		if err := f.fsys.Rename(from, to); err != nil {
			return err
		}
		i := f.now.files[from]
		delete(f.now.files, from)
		f.now.files[to] = i
		f.renames = append(f.renames, rename{from, to, i})
		return nil
	})
}

func (f *forgetFS) Remove(name string) error {
	return f.do(func() error {
		if err := f.fsys.Remove(name); err != nil {
			return err
		}
		delete(f.now.files, name)
		delete(f.now.dirs, name)
		return nil
	})
}

// SyncDir keeps the entries of a directory.
func (f *forgetFS) SyncDir(name string) error {
	return f.do(func() error {
		if _, err := f.Lstat(name); err != nil {
			return err
		}
		var later []rename
		for _, r := range f.renames {
			if path.Dir(r.from) != name && path.Dir(r.to) != name {
				later = append(later, r)
				continue
			}
			delete(f.kept.files, r.from)
			f.kept.files[r.to] = r.of
		}
		f.renames = later
		keep(name, f.now.files, f.kept.files)
		keep(name, f.now.dirs, f.kept.dirs)
		return nil
	})
}

// keep makes the entries of dir in kept those that it has now.
func keep[T any](dir string, now, kept map[string]T) {
	for name := range kept {
		if path.Dir(name) == dir && name != "." {
			delete(kept, name)
		}
	}
	for name, entry := range now {
		if path.Dir(name) == dir && name != "." {
			kept[name] = entry
		}
	}
}

// forgetFile is a file that is being written.
type forgetFile struct {
	file
	fs   *forgetFS
	of   *inode
	name string
}

func (f *forgetFile) WriteAt(p []byte, off int64) (n int, err error) {
	err = f.fs.do(func() error {
		n, err = f.file.WriteAt(p, off)
		f.of.size = max(f.of.size, off+int64(n))
		return err
	})
	return n, err
}

func (f *forgetFile) Truncate(size int64) error {
	return f.fs.do(func() error {
		f.of.size = size
		f.of.kept = f.of.kept[:min(int64(len(f.of.kept)), size)]
		return f.file.Truncate(size)
	})
}

func (f *forgetFile) Sync() error {
	return f.fs.do(func() error {
		b, err := os.ReadFile(filepath.Join(f.fs.dir, f.where()))
		f.of.kept, f.of.size = b, int64(len(b))
		return err
	})
}

// where finds the file, which may have been renamed since it was opened.
func (f *forgetFile) where() string {
	for name, i := range f.fs.now.files {
		if i == f.of {
			return name
		}
	}
	return f.name
}
