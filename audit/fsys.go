package audit

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// fsys is what a File does to its directory. It exists so that a test can make
// any single step fail, and forget what was not synced.
type fsys interface {
	Create(name string) (file, error) // for writing; fs.ErrExist when it is there
	Update(name string) (file, error) // for writing; fs.ErrNotExist when it is not there
	Open(name string) (readable, error)
	ReadDir() ([]fs.DirEntry, error)
	Remove(name string) error
	SyncDir() error
	Close() error
}

// file is a file that is being written.
type file interface {
	WriteAt(p []byte, off int64) (int, error)
	Truncate(size int64) error
	Sync() error
	Close() error
}

// readable is a file that is read.
type readable interface {
	io.Reader
	io.ReaderAt
	io.Closer
	Stat() (fs.FileInfo, error)
}

// What is in the directory is for its owner and the owner's group.
const (
	dirMode  = 0o750
	fileMode = 0o640

	lockName = "audit.lock"
)

// rootFS is the real directory, as an os.Root: no symbolic link leads out of it.
type rootFS struct {
	root *os.Root
	lock *os.File
}

// openRoot makes dir where it is not there, and takes its lock.
func openRoot(dir string) (fsys, error) {
	if err := makeDir(dir); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	lock, err := root.OpenFile(lockName, os.O_RDWR|os.O_CREATE, fileMode)
	if err == nil {
		if err = tryLock(lock); err == nil {
			return rootFS{root, lock}, nil
		}
		_ = lock.Close() // nothing was written
	}
	_ = root.Close() // the error that counts is err
	return nil, err
}

// makeDir makes a directory and those above it that are not there, durably: what
// is acknowledged in it must not be gone with it.
func makeDir(dir string) error {
	dir = filepath.Clean(dir)
	if _, err := os.Stat(dir); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	above := filepath.Dir(dir)
	if above != dir {
		if err := makeDir(above); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, dirMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	parent, err := os.Open(above)
	if err != nil {
		return err
	}
	defer func() { _ = parent.Close() }() // nothing was written by it
	return syncDir(parent)
}

func (r rootFS) Create(name string) (file, error) {
	return r.open(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL)
}

func (r rootFS) Update(name string) (file, error) { return r.open(name, os.O_WRONLY) }

// open keeps a nil *os.File from becoming a file that is not nil.
func (r rootFS) open(name string, flag int) (file, error) {
	f, err := r.root.OpenFile(name, flag, fileMode)
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (r rootFS) Open(name string) (readable, error) {
	f, err := r.root.Open(name)
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (r rootFS) ReadDir() ([]fs.DirEntry, error) {
	dir, err := r.root.Open(".")
	if err != nil {
		return nil, err
	}
	defer func() { _ = dir.Close() }() // nothing was written by it
	return dir.ReadDir(-1)
}

func (r rootFS) Remove(name string) error { return r.root.Remove(name) }

func (r rootFS) SyncDir() error {
	dir, err := r.root.Open(".")
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }() // nothing was written by it
	return syncDir(dir)
}

func (r rootFS) Close() error { return errors.Join(r.root.Close(), r.lock.Close()) }
