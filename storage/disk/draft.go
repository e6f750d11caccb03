package disk

import (
	"fmt"
	"io"
	"io/fs"
	"sync/atomic"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/storage"
)

// draft is an open draft. Its owner uses it from one goroutine at a time;
// Delete and Store.Close may mark it from another.
type draft struct {
	s   *Store
	key string
	f   file

	size     int64 // written
	synced   int64 // known to be on disk
	dirty    bool  // there is something to sync
	tail     bool  // the file may be longer than size
	anchored bool  // the entries that lead to it are on disk
	moved    bool  // a Commit has moved it and could move it neither on nor back
	err      error // of a failed sync: nothing more is done with this draft

	closed atomic.Bool
	gone   atomic.Bool // deleted
}

// Write appends all of p, or nothing.
func (d *draft) Write(p []byte) (int, error) {
	if err := d.usable(); err != nil {
		return 0, err
	}
	if err := d.trim(); err != nil {
		return 0, d.fault(err, "writing")
	}
	d.dirty = true
	n, err := d.f.WriteAt(p, d.size)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	if err != nil {
		d.tail = true
		_ = d.trim() // tried again before anything else is done
		return 0, d.fault(err, "writing")
	}
	d.size += int64(n)
	return n, nil
}

// Size is how many bytes have been written.
func (d *draft) Size() int64 { return d.size }

// Truncate drops what lies beyond size.
func (d *draft) Truncate(size int64) error {
	if err := d.usable(); err != nil {
		return err
	}
	if size < 0 || size > d.size {
		return fmt.Errorf("disk: cannot truncate a draft of %d bytes to %d", d.size, size)
	}
	if err := d.f.Truncate(size); err != nil {
		return d.fault(err, "truncating")
	}
	d.size, d.synced = size, min(size, d.synced)
	d.dirty, d.tail = true, false
	return nil
}

// trim cuts off what a failed write left behind.
func (d *draft) trim() error {
	if !d.tail {
		return nil
	}
	if err := d.f.Truncate(d.size); err != nil {
		return err
	}
	d.tail = false
	return nil
}

// Sync makes the bytes and the way to them durable. An error is final for this
// draft, see syncFile.
func (d *draft) Sync() error {
	if err := d.usable(); err != nil {
		return err
	}
	if err := d.syncFile(); err != nil || d.anchored {
		return err
	}
	sl := d.s.slots.lock(d.key)
	defer d.s.slots.unlock(d.key, sl)
	if err := d.usable(); err != nil {
		return err // deleted meanwhile
	}
	d.s.shape.RLock()
	defer d.s.shape.RUnlock()
	if err := d.s.anchor(draftName(d.key)); err != nil {
		d.err = d.fault(err, "syncing")
		return d.err
	}
	d.anchored = true
	return nil
}

// syncFile makes the bytes durable. When that fails, the system may have
// dropped those that it could not write, and will call the rest a success when
// asked again. So the draft goes back to what is known to be on disk, and is of
// no further use; the next Append finds what is really there.
func (d *draft) syncFile() error {
	if err := d.trim(); err != nil {
		return d.fault(err, "syncing")
	}
	if !d.dirty {
		return nil
	}
	if err := d.f.Sync(); err != nil {
		d.err = d.fault(err, "syncing")
		d.size = d.synced
		if d.f.Truncate(d.synced) != nil {
			d.s.cuts.set(d.key, d.synced)
		}
		return d.err
	}
	d.synced, d.dirty = d.size, false
	return nil
}

// Close lets go of the draft. Bytes that were not synced are synced, so that a
// disk that cannot take them says so while it is known which ones they are.
func (d *draft) Close() error {
	if d.closed.Load() {
		return nil
	}
	var err error
	if d.err == nil && !d.gone.Load() && !d.lost() {
		err = d.Sync()
	}
	sl := d.s.slots.lock(d.key)
	defer d.s.slots.unlock(d.key, sl)
	if d.tail && sl.draft == d {
		d.s.cuts.set(d.key, d.size)
	}
	if err == nil && d.err == nil && sl.draft == d && d.anchored && !d.dirty && !d.tail {
		d.s.rested.put(d.key, d.size)
	}
	if closeErr := d.release(sl); err == nil {
		err = d.fault(closeErr, "closing")
	}
	return err
}

// release closes the file and gives the key free; the caller holds its lock.
func (d *draft) release(sl *slot) error {
	if sl.draft == d {
		sl.draft = nil
	}
	if d.closed.Swap(true) {
		return nil
	}
	return d.s.disown(d.f)
}

func (d *draft) usable() error {
	switch {
	case d.closed.Load():
		return fmt.Errorf("draft %q: %w", d.key, fs.ErrClosed)
	case d.gone.Load() || d.lost():
		return problem.Errorf(storage.ErrNotFound, "%q was deleted", d.key)
	}
	return d.err
}

func (d *draft) fault(err error, doing string) error { return fault(err, doing, d.key) }
