package disk

import (
	"context"
	"path"
)

// Delete removes what has the key: see storage.Store. Of an import it removes
// the reference and never the file.
func (s *Store) Delete(ctx context.Context, key string) error {
	if err := admit(ctx, key); err != nil {
		return err
	}
	sl := s.slots.lock(key)
	defer s.slots.unlock(key, sl)
	if sl.err != nil {
		return fault(sl.err, "deleting", key)
	}
	if sl.draft != nil { // even if the rest fails: nobody knows then what is left of it
		sl.draft.gone.Store(true)
		sl.draft = nil
	}
	if err := s.erase(key); err != nil {
		return fault(err, "deleting", key)
	}
	s.cuts.drop(key)
	s.rested.take(key)
	s.prune(path.Dir(blobName(key)))
	s.prune(path.Dir(draftName(key)))
	return nil
}

// erase syncs the directories even when there was nothing to remove: an earlier
// Delete may have got no further than that.
func (s *Store) erase(key string) error {
	s.shape.RLock()
	defer s.shape.RUnlock()
	for _, name := range []string{blobName(key), importName(key), newName(key), draftName(key)} {
		if err := s.removeFile(name); err != nil {
			return err
		}
	}
	if err := s.syncNearest(path.Dir(blobName(key))); err != nil {
		return err
	}
	return s.syncNearest(path.Dir(draftName(key)))
}

// removeFile leaves directories alone: they hold other keys.
func (s *Store) removeFile(name string) error {
	info, err := s.fs.Lstat(name)
	if err == nil && !info.IsDir() {
		err = s.fs.Remove(name)
		s.anchors.drop(name)
	}
	if missing(err) {
		return nil
	}
	return err
}

// syncNearest syncs dir, or what is left above it: its removal then.
func (s *Store) syncNearest(dir string) error {
	err := s.fs.SyncDir(dir)
	for ; missing(err) && dir != "."; err = s.fs.SyncDir(dir) {
		dir = path.Dir(dir)
	}
	return err
}
