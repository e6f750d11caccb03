package disk

import (
	"path"
	"slices"
	"sync"
)

// anchorLimit bounds the memory of anchors. Forgetting costs an fsync.
const anchorLimit = 4096

// anchors remembers the names whose entries in their directories are known to
// be on disk, all the way up.
type anchors struct {
	mu sync.Mutex
	m  map[string]struct{}
}

func (a *anchors) has(name string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	_, ok := a.m[name]
	return ok
}

func (a *anchors) add(name string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.m == nil || len(a.m) >= anchorLimit {
		a.m = make(map[string]struct{})
	}
	a.m[name] = struct{}{}
}

func (a *anchors) drop(name string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.m, name)
}

// anchor makes the entry of name durable, and that of each directory above it.
// The caller holds the lock of the name's key and s.shape for reading, so that
// nothing on the way goes away.
func (s *Store) anchor(name string) error {
	var fresh []string
	for n := name; n != "." && !s.anchors.has(n); n = path.Dir(n) {
		fresh = append(fresh, n)
	}
	for _, n := range slices.Backward(fresh) {
		if err := s.fs.SyncDir(path.Dir(n)); err != nil {
			return err
		}
		if n != name || !s.shared() || !within(n, draftTree) { // another may make it anew
			s.anchors.add(n)
		}
	}
	return nil
}

// directory makes the directory dir; the caller holds s.shape for reading. One
// whose entry is on disk is there.
func (s *Store) directory(dir string) error {
	if s.anchors.has(dir) {
		return nil
	}
	return s.fs.MkdirAll(dir)
}

// prune removes the directories from dir upwards that are empty, but for those
// that stay. It is not made durable: an empty directory means nothing.
func (s *Store) prune(dir string) {
	if lasting(dir) || s.shared() { // another may be about to put something in it
		return
	}
	s.shape.Lock()
	defer s.shape.Unlock()
	for ; !lasting(dir); dir = path.Dir(dir) {
		// Remove takes files too, and a blob may have taken the name.
		if info, err := s.fs.Lstat(dir); err != nil || !info.IsDir() {
			if missing(err) {
				continue
			}
			return
		}
		if s.fs.Remove(dir) != nil {
			return
		}
		s.anchors.drop(dir)
	}
}
