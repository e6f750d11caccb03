package ffmpeg

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// ownerPrefix begins the name of what a process has below the directory that
	// runs share; nothing else there is touched.
	ownerPrefix = "runs-"
	lockName    = "lock"
	dirMode     = 0o700
)

// A scratch has the directories of runs, root/runs-1234567/1, and beside them copies
// of what they read. A lock that the kernel lets go of with the process tells those of
// the living from the rest.
type scratch struct {
	dir  string
	lock *os.File // of dir
	most int
	room int64         // for all bytes below dir
	free int64         // bytes of the file system that stay free
	keep time.Duration // how long a copy stays that nobody uses

	mu     sync.Mutex
	next   int
	used   map[*workdir]int64 // bytes when they were last counted
	copies map[string]*held   // by the id of what they are of; those that may be used
	held   map[*held]bool     // all whose file may be there
}

// A workdir is the directory of one run.
type workdir struct {
	path string
	s    *scratch
	once sync.Once
	err  error
}

// openScratch makes a directory for this process below root, and sweeps those of
// processes that are gone.
func openScratch(root string, o *Options) (*scratch, error) {
	if err := os.MkdirAll(root, dirMode); err != nil {
		return nil, err
	}
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	// Between a directory and its lock no other process may look.
	gate, err := openLock(filepath.Join(root, lockName), true)
	if err != nil {
		return nil, err
	}
	defer gate.Close() //nolint:errcheck // nothing was written
	if err := sweep(root); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(root, ownerPrefix)
	if err != nil {
		return nil, err
	}
	lock, err := openLock(filepath.Join(dir, lockName), false)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return &scratch{
		dir: dir, lock: lock, most: o.Runs, room: o.Bytes, free: o.Free, keep: o.Keep,
		used: make(map[*workdir]int64), copies: make(map[string]*held), held: make(map[*held]bool),
	}, nil
}

// sweep removes what processes left that are no more.
func sweep(root string) error {
	entries, err := os.ReadDir(root)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !e.IsDir() || !strings.HasPrefix(e.Name(), ownerPrefix) {
			continue
		}
		dir := filepath.Join(root, e.Name())
		lock, err := openLock(filepath.Join(dir, lockName), false)
		if errors.Is(err, errHeld) {
			continue
		}
		if err == nil {
			err = lock.Close()
		}
		if err = errors.Join(err, os.RemoveAll(dir)); err != nil {
			return fmt.Errorf("ffmpeg: what a crash has left: %w", err)
		}
	}
	return nil
}

// take makes a directory for a run, or says that there are enough.
func (s *scratch) take() (*workdir, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.used) >= s.most {
		return nil, fmt.Errorf("ffmpeg: %d runs have a directory, of %d that may: %w", len(s.used), s.most, ErrBusy)
	}
	for s.bytes() >= s.room {
		if !s.evict(0) {
			return nil, fmt.Errorf("ffmpeg: runs have %d bytes in their directories, of %d that they may: %w", s.bytes(), s.room, ErrBusy)
		}
	}
	s.next++
	w := &workdir{path: filepath.Join(s.dir, strconv.Itoa(s.next)), s: s}
	if err := os.Mkdir(w.path, dirMode); err != nil {
		return nil, err
	}
	s.used[w] = 0
	return w, nil
}

// count measures a directory, and returns its bytes and those of all.
func (w *workdir) count() (own, all int64) {
	own = bytesBelow(w.path)
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	if _, ok := w.s.used[w]; ok {
		w.s.used[w] = own
	}
	return own, w.s.bytes()
}

// bytes are those of all directories and copies, where a copy that is on its way has
// all that it will have. The mutex is held.
func (s *scratch) bytes() (all int64) {
	for _, n := range s.used {
		all += n
	}
	for c := range s.held {
		all += c.size
	}
	return all
}

// usage is how many directories there are, and how many bytes they had when they were
// last counted.
func (s *scratch) usage() (runs int, bytes int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range s.used {
		bytes += n
	}
	return len(s.used), bytes
}

// remove takes the directory away, once.
func (w *workdir) remove() error {
	w.once.Do(func() {
		w.err = os.RemoveAll(w.path)
		w.s.mu.Lock()
		defer w.s.mu.Unlock()
		delete(w.s.used, w)
	})
	return w.err
}

// close removes all directories and copies.
func (s *scratch) close() error {
	s.mu.Lock()
	for c := range s.held {
		s.drop(c)
	}
	s.mu.Unlock()
	err := os.RemoveAll(s.dir)
	return errors.Join(err, s.lock.Close())
}

// bytesBelow adds up files. What vanishes meanwhile counts as nothing.
func bytesBelow(dir string) (n int64) {
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil //nolint:nilerr // see above
		}
		if info, err := d.Info(); err == nil {
			n += info.Size()
		}
		return nil
	})
	return n
}
