package disk

import (
	"fmt"
	"hash/fnv"
	"os"
	"path"
	"strconv"
	"sync"
)

const (
	// locksDir has the locks of processes that share a directory.
	locksDir = "locks"
	// gateName is the one of whoever opens the directory: one at a time.
	gateName = "open"
	// nameLocks is how many there are for keys. Two keys that have the same one wait
	// for each other for as long as a name changes.
	nameLocks = 64
)

// names are the locks by which processes that share a directory take turns where
// names change: the slot of a key keeps goroutines apart, and these processes. nil
// keeps nobody out.
type names struct {
	root *os.Root
	all  [nameLocks]nameLock
}

// nameLock is a lock of the operating system, of which each process has one open
// file, and so another lock around it.
type nameLock struct {
	mu sync.Mutex
	f  *os.File // nil until it is needed
}

func (n *names) of(key string) (*nameLock, int) {
	h := fnv.New32a()
	_, _ = h.Write([]byte(key)) // it never fails
	i := int(h.Sum32() % nameLocks)
	return &n.all[i], i
}

// lock waits for the key.
func (n *names) lock(key string) error {
	if n == nil {
		return nil
	}
	l, i := n.of(key)
	l.mu.Lock()
	err := l.take(n.root, path.Join(locksDir, strconv.Itoa(i)))
	if err != nil {
		l.mu.Unlock()
		return fmt.Errorf("disk: the lock of %q between processes: %w", key, err)
	}
	return nil
}

func (l *nameLock) take(root *os.Root, name string) (err error) {
	if l.f == nil {
		if l.f, err = root.OpenFile(name, os.O_RDWR|os.O_CREATE, fileMode); err != nil {
			l.f = nil
			return err
		}
	}
	return waitLock(l.f)
}

func (n *names) unlock(key string) {
	if n == nil {
		return
	}
	l, _ := n.of(key)
	if letGo(l.f) != nil { // closing lets go for certain
		_ = l.f.Close()
		l.f = nil
	}
	l.mu.Unlock()
}

func (n *names) close() {
	if n == nil {
		return
	}
	for i := range n.all {
		l := &n.all[i]
		l.mu.Lock()
		if l.f != nil {
			_ = l.f.Close() // nothing was written
			l.f = nil
		}
		l.mu.Unlock()
	}
}

// openShared takes the directory beside others. Who finds nobody there brings it up
// to date; all the others find it so.
func (s *Store) openShared(root *os.Root, dir string) (err error) {
	if err := root.MkdirAll(locksDir, dirMode); err != nil {
		return fmt.Errorf("disk: locks of %s: %w", dir, err)
	}
	gate, err := root.OpenFile(path.Join(locksDir, gateName), os.O_RDWR|os.O_CREATE, fileMode)
	if err != nil {
		return fmt.Errorf("disk: locks of %s: %w", dir, err)
	}
	defer gate.Close() //nolint:errcheck // nothing was written
	if err := waitLock(gate); err != nil {
		return fmt.Errorf("disk: cannot lock %s: %w", dir, err)
	}
	alone, err := acquire(root, dir, tryLock)
	if err == nil {
		err = prepare(root, dir)
		if closing := alone.Close(); err == nil {
			err = closing
		}
		if err != nil {
			return err
		}
	}
	if s.lock, err = acquire(root, dir, tryShare); err != nil {
		return err
	}
	s.slots.names = &names{root: root}
	return prepare(root, dir)
}

// shared says whether other processes have the directory, too.
func (s *Store) shared() bool { return s.slots.names != nil }

// own has the file of a draft be this process's, as long as it is open.
func (s *Store) own(f file) error {
	opened, ok := f.(*os.File)
	if !ok || !s.shared() {
		return nil
	}
	return tryLock(opened)
}

// lost says whether another process has deleted an open draft.
func (d *draft) lost() bool {
	opened, ok := d.f.(*os.File)
	if !ok || !d.s.shared() {
		return false
	}
	name := draftName(d.key)
	if d.moved {
		name = blobName(d.key)
	}
	there, err := d.s.fs.Lstat(name)
	if missing(err) {
		return true
	}
	ours, failed := opened.Stat()
	return err == nil && failed == nil && !os.SameFile(there, ours)
}
