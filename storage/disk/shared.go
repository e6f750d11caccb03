package disk

import (
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"path"
	"strconv"
	"sync"
	"time"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/storage"
)

const (
	// locksDir has the locks of processes that share a directory.
	locksDir = "locks"
	// gateName is the one of whoever opens the directory: one at a time.
	gateName = "open"
	// nameLocks is how many there are for keys. Two keys that have the same one wait
	// for each other for as long as a name changes.
	nameLocks = 64
	// nameWait is how long to wait for one. A process that is stopped, and not dead,
	// keeps what it has.
	nameWait = 30 * time.Second
	// gateWait is how long to wait for who opens the directory, and may be bringing it
	// up to date.
	gateWait = 2 * time.Minute
	// firstLook and lastLook are how long to wait between two looks, which doubles.
	firstLook, lastLook = 250 * time.Microsecond, 10 * time.Millisecond
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

// lock waits for the key, for nameWait at most: storage.ErrUnavailable then.
func (n *names) lock(key string) error {
	if n == nil {
		return nil
	}
	l, i := n.of(key)
	err := waitFor(nameWait, func() error { return l.try(n.root, path.Join(locksDir, strconv.Itoa(i))) })
	switch {
	case errors.Is(err, errHeld):
		return problem.Errorf(storage.ErrUnavailable, "a process that shares the data directory has kept the name of %q for %v, and may be stopped", key, nameWait)
	case err != nil:
		return fmt.Errorf("disk: the lock of %q between processes: %w", key, err)
	}
	return nil
}

// waitFor takes a lock by try: errHeld where somebody else has it for as long as that.
func waitFor(long time.Duration, try func() error) error {
	until := time.Now().Add(long)
	for pause := firstLook; ; pause = min(2*pause, lastLook) {
		err := try()
		if !errors.Is(err, errHeld) || time.Now().After(until) {
			return err
		}
		<-time.After(pause)
	}
}

// try takes it where nobody has it, and has mu then; else errHeld.
func (l *nameLock) try(root *os.Root, name string) (err error) {
	if !l.mu.TryLock() {
		return errHeld
	}
	if l.f == nil {
		var f *os.File
		if f, err = root.OpenFile(name, os.O_RDWR|os.O_CREATE, fileMode); err == nil {
			l.f = f
		}
	}
	if err == nil {
		err = tryLock(l.f)
	}
	if err != nil {
		l.mu.Unlock()
	}
	return err
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
// to date; all the others find it so, and wait for that as long as gateWait.
func (s *Store) openShared(root *os.Root, dir string) (err error) {
	if err := root.MkdirAll(locksDir, dirMode); err != nil {
		return fmt.Errorf("disk: locks of %s: %w", dir, err)
	}
	gate, err := root.OpenFile(path.Join(locksDir, gateName), os.O_RDWR|os.O_CREATE, fileMode)
	if err != nil {
		return fmt.Errorf("disk: locks of %s: %w", dir, err)
	}
	defer gate.Close() //nolint:errcheck // nothing was written
	err = waitFor(gateWait, func() error { return tryLock(gate) })
	switch {
	case errors.Is(err, errHeld):
		return fmt.Errorf("disk: %s has been opening %s for %v, which no other process can do meanwhile, and may be stopped: %w", holder(gate), dir, gateWait, ErrInUse)
	case err != nil:
		return fmt.Errorf("disk: cannot lock %s: %w", dir, err)
	}
	_ = writeHolder(gate) // who waits would not know for whom
	alone, err := acquire(root, dir, tryLock)
	if err == nil {
		err = prepare(root, dir)
		_ = letGo(alone) // closing alone would not, while a program is being started
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

// disown closes the file of a draft. A program that is being started has it open, too,
// for a moment, and would keep the draft from others: so the lock is given back first.
func (s *Store) disown(f file) error {
	if opened, ok := f.(*os.File); ok && s.shared() {
		_ = letGo(opened) // closing does, as a rule
	}
	return f.Close()
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
