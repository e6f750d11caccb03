package disk

import (
	"context"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/storage"
)

// Import takes a file in one of Options.ImportFolders as a blob, without
// copying it: see storage.Importer. A relative path is relative to the working
// directory.
func (s *Store) Import(ctx context.Context, key, path string) (storage.Info, error) {
	if err := admit(ctx, key); err != nil {
		return storage.Info{}, err
	}
	in, rel, ok := s.locate(path)
	if !ok {
		return storage.Info{}, problem.Errorf(storage.ErrInvalidKey,
			"the file for %q is not in a folder that this store imports from", key)
	}
	found, err := in.root.Stat(rel)
	if err != nil {
		return storage.Info{}, sourceFault(err, key)
	}
	if !found.Mode().IsRegular() {
		return storage.Info{}, problem.Errorf(storage.ErrInvalidKey, "what was named for %q is not a regular file", key)
	}
	ref := refer(filepath.Join(in.path, rel), found)
	if err := s.putReference(key, ref); err != nil {
		return storage.Info{}, blocked(err, "importing", key)
	}
	return ref.info(key), nil
}

func (s *Store) putReference(key string, ref reference) error {
	sl := s.slots.lock(key)
	defer s.slots.unlock(key, sl)
	if sl.err != nil {
		return fault(sl.err, "importing", key)
	}
	if sl.draft != nil {
		return taken(key)
	}
	err := s.placeReference(key, ref)
	if err != nil {
		s.prune(path.Dir(importName(key)))
	}
	return err
}

func (s *Store) placeReference(key string, ref reference) error {
	s.shape.RLock()
	defer s.shape.RUnlock()
	if s.closed {
		return fs.ErrClosed
	}
	if err := s.vacant(key); err != nil {
		return err
	}
	if _, err := s.fs.Lstat(draftName(key)); err == nil {
		return taken(key)
	} else if !missing(err) {
		return err
	}
	if err := s.directory(path.Dir(importName(key))); err != nil {
		return err
	}
	return s.writeReference(key, ref)
}

// openImport opens the file that key refers to.
func (s *Store) openImport(key string) (*os.File, fs.FileInfo, error) {
	ref, in, rel, err := s.resolve(key)
	if err != nil {
		return nil, nil, err
	}
	// Before opening: opening a pipe would wait for somebody to write to it.
	if err := checkSource(in, rel, ref, key); err != nil {
		return nil, nil, err
	}
	f, err := in.root.Open(rel)
	if err != nil {
		return nil, nil, sourceFault(err, key)
	}
	info, err := f.Stat()
	if err == nil && !ref.matches(info) {
		err = changed(key)
	}
	if err != nil {
		_ = f.Close() // the error that counts is err
		return nil, nil, sourceFault(err, key)
	}
	return f, info, nil
}

func (s *Store) statImport(key string) (storage.Info, error) {
	ref, in, rel, err := s.resolve(key)
	if err != nil {
		return storage.Info{}, err
	}
	if err := checkSource(in, rel, ref, key); err != nil {
		return storage.Info{}, err
	}
	return ref.info(key), nil
}

// resolve finds the folder of an import.
func (s *Store) resolve(key string) (reference, folder, string, error) {
	ref, err := s.readReference(key)
	if err != nil {
		return reference{}, folder{}, "", fault(err, "opening", key)
	}
	in, rel, ok := s.locate(ref.path())
	if !ok {
		return reference{}, folder{}, "", problem.Errorf(storage.ErrNotFound,
			"%q was imported from a folder that this store no longer imports from", key)
	}
	return ref, in, rel, nil
}

func checkSource(in folder, rel string, ref reference, key string) error {
	info, err := in.root.Stat(rel)
	switch {
	case err != nil:
		return sourceFault(err, key)
	case !info.Mode().IsRegular() || !ref.matches(info):
		return changed(key)
	}
	return nil
}

func changed(key string) error {
	return problem.Errorf(storage.ErrChanged,
		"the file that was imported as %q has changed since; delete %q and import it again", key, key)
}

// broken is of a reference that no later attempt reads any better.
func broken(err error, key string) error {
	return problem.Because(storage.ErrChanged, err,
		"what was written down of the imported file %q is damaged; delete %q and import it again", key, key)
}

// sourceFault is fault for the imported file itself.
func sourceFault(err error, key string) error {
	if missing(err) {
		return problem.Because(storage.ErrNotFound, err, "the file that was imported as %q is gone", key)
	}
	return fault(err, "reading", key)
}
