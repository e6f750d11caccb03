package sqlite

import (
	"crypto/rand"
	"io"
	"os"
	"sync"
)

const (
	// reserveSize is what deletions may need in the log and the database until
	// they have made room, in bytes: a hundred of them and more.
	reserveSize = 4 << 20
	// ampleRoom is what has to be free before the reserve is taken from it.
	ampleRoom = 4 * reserveSize
)

// A reserve is a file that does nothing but take up room, beside the database.
// On a full disk a deletion could not be written down, and so nothing could ever
// make room: the reserve is given up for it, and made again once there is.
type reserve struct {
	path string
	size int64

	mu   sync.Mutex
	held bool
}

// newReserve finds the reserve of an earlier process.
func newReserve(database string) *reserve {
	r := &reserve{path: database + "-reserve", size: reserveSize}
	if info, err := os.Lstat(r.path); err == nil {
		r.held = info.Mode().IsRegular() && info.Size() == r.size
	}
	return r
}

// giveUp makes room, and says whether there was any to make.
func (r *reserve) giveUp() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.held {
		return false
	}
	r.held = false
	return os.Remove(r.path) == nil
}

// keep makes the reserve where there is none and ample room for it. That it
// cannot be made is no fault of whoever changes something: it is tried again.
func (r *reserve) keep() {
	if !r.mu.TryLock() {
		return // somebody is at it
	}
	defer r.mu.Unlock()
	if r.held {
		return
	}
	if free, known := freeSpace(r.path); !known || free < ampleRoom {
		return
	}
	if err := r.fill(); err != nil {
		_ = os.Remove(r.path) // a part of it is of no use
		return
	}
	r.held = true
}

// fill writes random bytes: what could be compressed or left out as a hole would
// hold no room.
func (r *reserve) fill() error {
	f, err := os.OpenFile(r.path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if _, err := io.CopyN(f, rand.Reader, r.size); err != nil {
		_ = f.Close() // the error that counts is err
		return err
	}
	return f.Close()
}
