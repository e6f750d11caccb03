package disk

import (
	"context"
	"errors"
	"path"
)

// Commit publishes the draft: its bytes are synced, then it moves to its place
// among the blobs, then both directories are synced. A rename would replace
// what has the place, so it is checked before, which is enough: the key is
// locked, and the data directory has no other owner. (A hard link refuses by
// itself, but not every file system has them, and a crash before the old name
// is removed leaves two.) When the directories cannot be synced, it moves back.
//
// What does not depend on each other is synced at the same time: a file system
// with a journal then writes it at once.
func (d *draft) Commit(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := d.usable(); err != nil {
		return err
	}
	if d.s.shared() { // before others have to wait
		if err := d.syncFile(); err != nil {
			return err
		}
	}
	sl := d.s.slots.lock(d.key)
	defer d.s.slots.unlock(d.key, sl)
	if sl.err != nil {
		return d.fault(sl.err, "committing")
	}
	if err := d.usable(); err != nil {
		return err // deleted meanwhile
	}
	d.s.shape.RLock()
	defer d.s.shape.RUnlock()
	if err := d.ready(); err != nil {
		return err
	}
	if err := d.move(); err != nil {
		return blocked(err, "committing", d.key)
	}
	if err := d.settle(); err != nil {
		d.moveBack()
		return d.fault(err, "committing")
	}
	d.s.anchors.drop(draftName(d.key))
	d.s.anchors.drop(blobName(d.key)) // it stays; nobody will ask again
	_ = d.release(sl)                 // the bytes are synced: nothing hangs on it
	return nil
}

// ready syncs the bytes, and makes and syncs the directory where they will be.
func (d *draft) ready() error {
	place := path.Dir(blobName(d.key))
	if !d.moved {
		if err := d.s.vacant(d.key); err != nil {
			return blocked(err, "committing", d.key)
		}
		if err := d.s.directory(place); err != nil {
			return blocked(err, "committing", d.key)
		}
	}
	anchored := make(chan error, 1)
	go func() { anchored <- d.s.anchor(place) }()
	return errors.Join(d.syncFile(), d.fault(<-anchored, "committing"))
}

func (d *draft) move() error {
	if d.moved {
		return nil
	}
	if err := d.s.fs.Rename(draftName(d.key), blobName(d.key)); err != nil {
		return err
	}
	d.moved = true
	return nil
}

// settle makes the move durable at both ends.
func (d *draft) settle() error {
	left := make(chan error, 1)
	go func() { left <- d.s.fs.SyncDir(path.Dir(draftName(d.key))) }()
	return errors.Join(d.s.anchor(blobName(d.key)), <-left)
}

// moveBack makes it a draft again. Where even that fails, the blob stays: it is
// whole and on disk, only its name may not survive a crash of the machine.
func (d *draft) moveBack() {
	if d.s.fs.Rename(blobName(d.key), draftName(d.key)) != nil {
		return
	}
	d.moved, d.anchored = false, false
	d.s.anchors.drop(draftName(d.key))
	d.s.anchors.drop(blobName(d.key))
}
