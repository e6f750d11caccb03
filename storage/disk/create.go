package disk

import (
	"context"
	"errors"
	"io/fs"
	"path"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/storage"
)

// Create starts a draft: see storage.Store.
func (s *Store) Create(ctx context.Context, key string) (storage.Draft, error) {
	if err := admit(ctx, key); err != nil {
		return nil, err
	}
	sl := s.slots.lock(key)
	defer s.slots.unlock(key, sl)
	if sl.err != nil {
		return nil, fault(sl.err, "creating", key)
	}
	if sl.draft != nil {
		return nil, taken(key)
	}
	f, err := s.makeDraft(key)
	if err != nil {
		return nil, blocked(err, "creating", key)
	}
	sl.draft = &draft{s: s, key: key, f: f, dirty: true}
	return sl.draft, nil
}

func (s *Store) makeDraft(key string) (file, error) {
	name := draftName(key)
	f, err := s.makeFile(key, name)
	if err != nil {
		s.prune(path.Dir(name))
		return nil, err
	}
	if err := s.own(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func (s *Store) makeFile(key, name string) (file, error) {
	s.shape.RLock()
	defer s.shape.RUnlock()
	if s.closed {
		return nil, fs.ErrClosed
	}
	if err := s.vacant(key); err != nil {
		return nil, err
	}
	if err := s.directory(path.Dir(name)); err != nil {
		return nil, err
	}
	return s.fs.Create(name)
}

// vacant returns ErrExists when a blob, an import or a directory of blobs has
// the key's place.
func (s *Store) vacant(key string) error {
	for _, name := range []string{blobName(key), importName(key)} {
		if _, err := s.fs.Lstat(name); err == nil {
			return taken(key)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err // ENOTDIR included: a blob has the place of a parent
		}
	}
	return nil
}

func taken(key string) error { return problem.Errorf(storage.ErrExists, "the key %q is taken", key) }

// Append opens a draft again: see storage.Store. All of it is durable: what an
// earlier process wrote and did not sync is synced now.
func (s *Store) Append(ctx context.Context, key string) (storage.Draft, error) {
	if err := admit(ctx, key); err != nil {
		return nil, err
	}
	sl := s.slots.lock(key)
	defer s.slots.unlock(key, sl)
	if sl.err != nil {
		return nil, fault(sl.err, "opening", key)
	}
	if sl.draft != nil {
		return nil, problem.Errorf(storage.ErrBusy, "somebody is writing %q", key)
	}
	d, err := s.reopen(key)
	if err != nil {
		return nil, err
	}
	sl.draft = d
	return d, nil
}

func (s *Store) reopen(key string) (*draft, error) {
	s.shape.RLock()
	defer s.shape.RUnlock()
	if s.closed {
		return nil, fault(fs.ErrClosed, "opening", key)
	}
	name := draftName(key)
	if err := s.regular(name); err != nil {
		return nil, fault(err, "opening", key)
	}
	f, err := s.fs.Update(name)
	if err != nil {
		return nil, fault(err, "opening", key)
	}
	if err := s.own(f); errors.Is(err, errHeld) {
		_ = f.Close() // nothing was written
		return nil, problem.Errorf(storage.ErrBusy, "another process is writing %q", key)
	} else if err != nil {
		_ = f.Close() // nothing was written
		return nil, fault(err, "opening", key)
	}
	size, err := s.recover(f, key)
	if err != nil {
		_ = s.disown(f) // the error that counts is err
		return nil, fault(err, "opening", key)
	}
	return &draft{s: s, key: key, f: f, size: size, synced: size, anchored: true}, nil
}

// recover makes what is there durable, and says how much that is. What this
// process has closed is that already.
func (s *Store) recover(f file, key string) (int64, error) {
	if size, ok := s.rested.take(key); ok && !s.shared() {
		info, err := f.Stat()
		if err != nil {
			return 0, err
		}
		if info.Size() == size {
			return size, nil
		}
	}
	if size, ok := s.cuts.get(key); ok {
		if err := f.Truncate(size); err != nil {
			return 0, err
		}
	}
	if err := f.Sync(); err != nil {
		return 0, err
	}
	s.cuts.drop(key)
	if err := s.anchor(draftName(key)); err != nil {
		return 0, err
	}
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
