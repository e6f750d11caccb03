package disk

import (
	"io/fs"
	"os"
	"sync"
	"testing"
)

// faultFS fails one step of the file system, or all from one on.
type faultFS struct {
	fsys

	mu     sync.Mutex
	steps  int   // taken so far
	failAt int   // the number of the step that fails; 0 fails none
	onward bool  // all after it fail too
	err    error // with which they fail
	failed []string
	trace  []string // the steps that change something
}

// faulty opens a store whose file system can fail.
func faulty(t *testing.T, dir string, o *Options) (*Store, *faultFS) {
	t.Helper()
	s, err := OpenWith(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() }) // most tests close it before
	f := &faultFS{fsys: s.fs}
	s.fs = f
	return s, f
}

func (f *faultFS) arm(at int, onward bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.steps, f.failAt, f.onward, f.err, f.failed, f.trace = 0, at, onward, err, nil, nil
}

func (f *faultFS) heal() { f.arm(0, false, nil) }

// hit says whether a step has failed since arm.
func (f *faultFS) hit() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.failed) > 0
}

func (f *faultFS) step(op, name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.steps++
	if op != "lstat" && op != "stat" && op != "open" && op != "readdir" {
		f.trace = append(f.trace, op+" "+name)
	}
	if f.failAt == 0 || f.steps < f.failAt || f.steps > f.failAt && !f.onward {
		return nil
	}
	f.failed = append(f.failed, op+" "+name)
	return &fs.PathError{Op: op, Path: name, Err: f.err}
}

func (f *faultFS) Create(name string) (file, error) {
	return f.wrap("create", name, f.fsys.Create)
}

func (f *faultFS) Update(name string) (file, error) {
	return f.wrap("update", name, f.fsys.Update)
}

func (f *faultFS) wrap(op, name string, open func(string) (file, error)) (file, error) {
	if err := f.step(op, name); err != nil {
		return nil, err
	}
	inner, err := open(name)
	if err != nil {
		return nil, err
	}
	info, err := inner.Stat()
	if err != nil {
		return nil, err
	}
	return &faultFile{file: inner, fs: f, name: name, synced: info.Size()}, nil
}

func (f *faultFS) Open(name string) (*os.File, error) {
	if err := f.step("open", name); err != nil {
		return nil, err
	}
	return f.fsys.Open(name)
}

func (f *faultFS) Lstat(name string) (fs.FileInfo, error) {
	if err := f.step("lstat", name); err != nil {
		return nil, err
	}
	return f.fsys.Lstat(name)
}

func (f *faultFS) MkdirAll(name string) error { return f.try("mkdir", name, f.fsys.MkdirAll) }
func (f *faultFS) Remove(name string) error   { return f.try("remove", name, f.fsys.Remove) }

// SyncDir does not: the tests ask what is synced, and a disk takes long to do it.
func (f *faultFS) SyncDir(name string) error {
	return f.try("syncdir", name, func(name string) error {
		_, err := f.fsys.Lstat(name)
		return err
	})
}

func (f *faultFS) try(op, name string, do func(string) error) error {
	if err := f.step(op, name); err != nil {
		return err
	}
	return do(name)
}

func (f *faultFS) Rename(from, to string) error {
	if err := f.step("rename", to); err != nil {
		return err
	}
	return f.fsys.Rename(from, to)
}

func (f *faultFS) ReadDir(name string) ([]fs.DirEntry, error) {
	if err := f.step("readdir", name); err != nil {
		return nil, err
	}
	return f.fsys.ReadDir(name)
}

// faultFile fails like a disk: a failed write leaves half of itself behind, a
// failed sync loses what was written since the last one.
type faultFile struct {
	file
	fs     *faultFS
	name   string
	synced int64
}

func (f *faultFile) WriteAt(p []byte, off int64) (int, error) {
	if err := f.fs.step("write", f.name); err != nil {
		n, _ := f.file.WriteAt(p[:len(p)/2], off) // the error that counts is err
		return n, err
	}
	return f.file.WriteAt(p, off)
}

func (f *faultFile) Truncate(size int64) error {
	if err := f.fs.step("truncate", f.name); err != nil {
		return err
	}
	f.synced = min(f.synced, size)
	return f.file.Truncate(size)
}

func (f *faultFile) Stat() (fs.FileInfo, error) {
	if err := f.fs.step("stat", f.name); err != nil {
		return nil, err
	}
	return f.file.Stat()
}

func (f *faultFile) Sync() error {
	info, err := f.file.Stat()
	if err != nil {
		return err
	}
	if err := f.fs.step("sync", f.name); err != nil {
		_, _ = f.file.WriteAt(make([]byte, info.Size()-f.synced), f.synced) // the lost pages read as zeros
		return err
	}
	f.synced = info.Size() // and no more: see SyncDir
	return nil
}
