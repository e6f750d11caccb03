package disk

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/streamgate/streamgate/storage"
)

// blob is an open blob: ReadAt is one pread.
type blob struct {
	f    *os.File
	info storage.Info
}

func (b *blob) ReadAt(p []byte, off int64) (int, error) {
	n, err := b.f.ReadAt(p, off)
	if err != nil && !errors.Is(err, io.EOF) {
		err = fault(err, "reading", b.info.Key)
	}
	return n, err
}

func (b *blob) Close() error       { return b.f.Close() }
func (b *blob) Info() storage.Info { return b.info }

// Open opens a blob: see storage.Store. What it returns reads from the file
// itself, without copying or caching.
func (s *Store) Open(ctx context.Context, key string) (storage.Blob, error) {
	f, info, err := s.openBlob(ctx, key)
	if err != nil {
		return nil, err
	}
	return &blob{f: f, info: describe(key, info)}, nil
}

// OpenFile opens a blob as a file of the caller's own: see storage.FileOpener.
func (s *Store) OpenFile(ctx context.Context, key string) (*os.File, error) {
	f, _, err := s.openBlob(ctx, key)
	return f, err
}

// OpenDraft opens a draft for reading: see storage.DraftReader.
func (s *Store) OpenDraft(ctx context.Context, key string) (storage.Blob, error) {
	if err := admit(ctx, key); err != nil {
		return nil, err
	}
	f, err := s.fs.Open(draftName(key))
	if err != nil {
		return nil, fault(err, "opening", key)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fs.ErrNotExist
	}
	if err != nil {
		_ = f.Close() // the error that counts is err
		return nil, fault(err, "opening", key)
	}
	return &blob{f: f, info: describe(key, info)}, nil
}

func (s *Store) openBlob(ctx context.Context, key string) (*os.File, fs.FileInfo, error) {
	if err := admit(ctx, key); err != nil {
		return nil, nil, err
	}
	f, err := s.fs.Open(blobName(key))
	if missing(err) {
		return s.openImport(key)
	}
	if err != nil {
		return nil, nil, fault(err, "opening", key)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fs.ErrNotExist
	}
	if err != nil {
		_ = f.Close() // the error that counts is err
		return nil, nil, fault(err, "opening", key)
	}
	return f, info, nil
}

// Stat describes a blob: see storage.Store.
func (s *Store) Stat(ctx context.Context, key string) (storage.Info, error) {
	if err := admit(ctx, key); err != nil {
		return storage.Info{}, err
	}
	info, err := s.fs.Lstat(blobName(key))
	switch {
	case missing(err):
		return s.statImport(key)
	case err == nil && !info.Mode().IsRegular():
		err = fs.ErrNotExist
	}
	if err != nil {
		return storage.Info{}, fault(err, "describing", key)
	}
	return describe(key, info), nil
}

func describe(key string, info fs.FileInfo) storage.Info {
	return storage.Info{Key: key, Size: info.Size(), ModTime: info.ModTime()}
}

// regular returns fs.ErrNotExist for a directory or anything else that is not a
// file.
func (s *Store) regular(name string) error {
	info, err := s.fs.Lstat(name)
	switch {
	case missing(err), err == nil && !info.Mode().IsRegular():
		return fs.ErrNotExist
	}
	return err
}
