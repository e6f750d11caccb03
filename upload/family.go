package upload

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/internal/requestid"
	"github.com/streamgate/streamgate/metadata"
)

// A family is an asset and its uploads, as one transaction sees them. What its
// methods change is written by Completed.change.
type family struct {
	asset  *metadata.Asset
	own    *metadata.Upload // that was inspected
	others []*metadata.Upload

	changed []*metadata.Upload
	left    []any              // the keys that nothing refers to any more
	waits   bool               // for the transcoder, from now on
	ended   []*metadata.Upload // that the transcoder is not to go on with
}

func familyOf(ctx context.Context, r metadata.Reader, u *metadata.Upload) (*family, error) {
	f := new(family)
	var err error
	if f.asset, err = r.Asset(ctx, u.Asset); err != nil {
		return nil, err
	}
	all, err := r.UploadsOf(ctx, u.Asset)
	if err != nil {
		return nil, err
	}
	for _, one := range all {
		if one.ID == u.ID {
			f.own = one
			continue
		}
		f.others = append(f.others, one)
	}
	if f.own == nil {
		return nil, fmt.Errorf("upload %s of asset %s: %w", u.ID, u.Asset, metadata.ErrNotFound)
	}
	return f, nil
}

// uninspected says whether the whole file of an upload is here and nobody has
// decided on it yet. One that was replaced has no key any more.
func uninspected(a *metadata.Asset, u *metadata.Upload) bool {
	return a.Undecided(u)
}

// pending says whether another file is yet to be inspected.
func (f *family) pending() bool {
	for _, u := range f.others {
		if uninspected(f.asset, u) {
			return true
		}
	}
	return false
}

func (f *family) arriving() bool {
	for _, u := range f.others {
		if u.State == metadata.UploadOpen && u.Rendition == "" {
			return true
		}
	}
	return false
}

// other says whether the asset is made of another file than the one inspected.
func (f *family) other() bool { return f.asset.Source != f.own.Key }

// plays says whether the asset plays another file than the one inspected.
func (f *family) plays() bool { return f.asset.Playable && f.asset.Source != "" && f.other() }

// without is the state of the asset were it not for the file that was inspected.
func (f *family) without() metadata.State {
	switch {
	case f.pending(), f.asset.Waiting != "" && f.other():
		return metadata.Processing
	case f.plays():
		return metadata.Ready
	case f.arriving():
		return metadata.Uploading
	}
	return metadata.Failed
}

// take makes the asset one of the inspected file, in place of what it was.
func (f *family) take() {
	a, u := f.asset, f.own
	if isMade(u) {
		f.takeMade()
		return
	}
	if f.other() {
		f.replace()
	}
	f.describe(u)
	a.Source, a.Index, a.Revision = u.Key, "", ""
	if a.Growth != u.ID {
		a.Growth = ""
	}
}

// describe makes what an asset says of its file that of an upload.
func (f *family) describe(u *metadata.Upload) {
	a := f.asset
	a.Size, a.SHA256, a.Type, a.Filename = u.Size, u.SHA256, u.Type, u.Filename
}

// replace lets go of all that the asset is made of.
func (f *family) replace() {
	a := f.asset
	f.leave(a.Source, a.Index)
	if kept := a.Kept(); kept != a.Source {
		f.leave(kept)
	}
	f.releaseAll()
	f.endMade()
	for _, old := range f.others {
		if old.Key != "" && old.Key == a.Source {
			old.Key = ""
			f.changed = append(f.changed, old)
		}
	}
	a.Settling = metadata.Settling{}
}

// drop fails the upload alone.
func (f *family) drop(reason string) {
	f.leave(f.own.Key, IndexKey(f.own.Asset, f.own.ID))
	f.own.State, f.own.Error = metadata.UploadFailed, reason
	f.changed = append(f.changed, f.own)
}

func (f *family) leave(keys ...string) {
	for _, key := range keys {
		if key != "" {
			f.left = append(f.left, key)
		}
	}
}

// changeAttempts is how often a decision is made anew because another upload of
// the asset was faster.
const changeAttempts = 5

var errMoved = errors.New("other uploads of the asset were faster each time")

// change is one transaction over the asset, its uploads and what is told of
// them. decide is called in it, and once before so that the recorder hears of it
// first; it returns the event, "" when nothing is to be changed.
func (c *Completed) change(ctx context.Context, data map[string]any, decide func(*family) events.Type) error {
	err := errMoved
	for range changeAttempts {
		if err = c.changeOnce(ctx, data, decide); !errors.Is(err, errMoved) {
			return err
		}
	}
	return err
}

func (c *Completed) changeOnce(ctx context.Context, data map[string]any, decide func(*family) events.Type) error {
	pending := c.pending
	if pending != nil {
		pending.mu.Lock()
		defer pending.mu.Unlock()
		if pending.written {
			pending = nil
		}
	}
	seen, err := familyOf(ctx, c.Meta, c.Upload)
	if err == nil && pending != nil {
		own := *c.Upload
		seen.own = &own
		processing(seen.asset)
	}
	if err != nil || !c.decides(seen) {
		return err
	}
	expected := decide(seen)
	if expected == "" {
		return nil
	}
	e := events.Event{Type: expected, Time: time.Now(), Owner: c.Upload.Owner, Asset: c.Upload.Asset, Upload: c.Upload.ID, RequestID: requestid.FromContext(ctx), Data: data}
	if c.Recorder != nil {
		if err := c.Recorder.Record(ctx, e); err != nil {
			return err
		}
	}
	var decided *family
	err = c.Meta.Update(ctx, func(tx metadata.Tx) error {
		f, err := c.familyIn(ctx, tx, pending)
		if err != nil || pending == nil && !c.decides(f) {
			return err
		}
		if decide(f) != expected {
			return errMoved
		}
		decided = f
		if err := f.write(ctx, tx, e); err != nil {
			return err
		}
		return c.tellTranscoder(ctx, tx, f)
	})
	if err != nil {
		return err
	}
	c.decided = decided
	if pending != nil {
		pending.written = true
	}
	return nil
}

// tellTranscoder tells what was decided of what it makes.
func (c *Completed) tellTranscoder(ctx context.Context, tx metadata.Tx, f *family) error {
	if c.Replaced != nil {
		for _, u := range f.ended {
			if err := c.Replaced(ctx, tx, f.asset, u); err != nil {
				return err
			}
		}
	}
	if !f.waits || c.Waits == nil {
		return nil
	}
	return c.Waits(ctx, tx, f.asset, f.own)
}

// familyIn writes first what is pending.
func (c *Completed) familyIn(ctx context.Context, tx metadata.Tx, pending *completion) (*family, error) {
	if pending == nil {
		return familyOf(ctx, tx, c.Upload)
	}
	if err := pending.write(ctx, tx); err != nil {
		return nil, err
	}
	f, err := familyOf(ctx, tx, c.Upload)
	if err == nil {
		processing(f.asset)
	}
	return f, err
}

// decides says whether the fate of the upload is still open, and that of the file that
// was inspected: another may have taken its place, and another process, whose turn it was
// once this one had been silent for too long, may have decided.
func (c *Completed) decides(f *family) bool {
	return uninspected(f.asset, f.own) && f.own.Key == c.Upload.Key
}

// write writes all that changed, and the events.
func (f *family) write(ctx context.Context, tx metadata.Tx, e events.Event) error {
	f.settleGrowth()
	if err := tx.UpdateAsset(ctx, f.asset); err != nil {
		return err
	}
	for _, u := range f.changed {
		if err := tx.UpdateUpload(ctx, u); err != nil {
			return err
		}
	}
	if len(f.left) == 0 {
		return tx.Emit(ctx, &e)
	}
	left := map[string]any{"keys": f.left}
	if e.Type == events.UploadRefused {
		maps.Copy(left, e.Data)
		e.Data = left
		return tx.Emit(ctx, &e)
	}
	replaced := e
	replaced.Type, replaced.Data = events.AssetReplaced, left
	if err := tx.Emit(ctx, &e); err != nil {
		return err
	}
	return tx.Emit(ctx, &replaced)
}
