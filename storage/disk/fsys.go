package disk

import (
	"io/fs"
	"os"
)

// fsys is what the store does to the file system, in names relative to the data
// directory. It exists so that a test can make any single step fail.
type fsys interface {
	Create(name string) (file, error) // for writing; fs.ErrExist when it is there
	Update(name string) (file, error) // for writing; fs.ErrNotExist when it is not there
	Open(name string) (*os.File, error)
	Lstat(name string) (fs.FileInfo, error)
	MkdirAll(name string) error
	ReadDir(name string) ([]fs.DirEntry, error)
	Rename(from, to string) error
	Remove(name string) error
	SyncDir(name string) error
	Close() error
}

// file is a file that is being written.
type file interface {
	WriteAt(p []byte, off int64) (int, error)
	Truncate(size int64) error
	Sync() error
	Stat() (fs.FileInfo, error)
	Close() error
}

// What is in the directory is for its owner and the owner's group.
const (
	dirMode  = 0o750
	fileMode = 0o640
)

// rootFS is the real file system, below an os.Root: no name and no symbolic
// link leads out of it.
type rootFS struct{ root *os.Root }

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

func (r rootFS) Open(name string) (*os.File, error)     { return r.root.Open(name) }
func (r rootFS) Lstat(name string) (fs.FileInfo, error) { return r.root.Lstat(name) }
func (r rootFS) MkdirAll(name string) error             { return r.root.MkdirAll(name, dirMode) }
func (r rootFS) Rename(from, to string) error           { return r.root.Rename(from, to) }
func (r rootFS) Remove(name string) error               { return r.root.Remove(name) }
func (r rootFS) Close() error                           { return r.root.Close() }

func (r rootFS) ReadDir(name string) ([]fs.DirEntry, error) {
	dir, err := r.root.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = dir.Close() }() // nothing was written by it
	return dir.ReadDir(-1)
}

func (r rootFS) SyncDir(name string) error {
	dir, err := r.root.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }() // nothing was written by it
	return syncDir(dir)
}
