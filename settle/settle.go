package settle

import (
	"context"
	"errors"
	"maps"
	"strings"
	"time"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
)

// errMoved means that the asset is of another file by now, or of none.
var errMoved = errors.New("the asset is of another file by now")

// Settle settles the files of an asset, its source and those beside it, if it is
// ready and they were not looked at before, and drops originals when they are to be
// dropped and their time has come. For all else there is nothing to do, and it
// returns nil: it may be called at any time, as often as one likes. So it does where
// a file cannot be settled, which the asset says then, and where the asset was
// deleted or replaced meanwhile.
//
// An error that matches storage.ErrFull means that there is no room now, and
// storage.ErrBusy that the asset is being settled already; any other is one of the
// stores or of ctx. After one everything is as it was before, but for bytes under
// keys that nothing refers to.
func (s *Settler) Settle(ctx context.Context, assetID string) error {
	r := &round{Settler: s}
	err := r.look(ctx, assetID)
	if r.again > 0 {
		s.queue.later(assetID, r.again)
	}
	return err
}

func (s *Settler) enter(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.busy[id] {
		return false
	}
	s.busy[id] = true
	return true
}

func (s *Settler) leave(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.busy, id)
}

// settle makes the asset one of a file that is written for it.
func (r *round) settle(ctx context.Context, a *metadata.Asset, name string) error {
	f := r.newFile(a, name)
	err := f.make(ctx)
	if errors.Is(err, errInRuns) {
		return r.conclude(ctx, f, metadata.Settling{State: metadata.Settled}, nil)
	}
	if err == nil {
		if err = r.swap(ctx, f); err == nil {
			return r.drop(ctx, f.swapped, name)
		}
	}
	if kept, unsure := r.refersTo(ctx, f); kept || unsure != nil {
		return unsure // the transaction was done after all; or nobody knows, and a sweep will find out
	}
	err = errors.Join(err, f.remove(context.WithoutCancel(ctx)))
	switch {
	case r.moved(ctx, f):
		return nil
	case aboutFile(err):
		return r.conclude(ctx, f, metadata.Settling{State: metadata.Unsettled, Reason: reason(err)}, map[string]any{"reason": reason(err)})
	}
	return err
}

// refersTo reports whether the asset is made of the new file.
func (s *Settler) refersTo(ctx context.Context, f *file) (bool, error) {
	a, err := s.meta.Asset(context.WithoutCancel(ctx), f.asset.ID)
	if errors.Is(err, metadata.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	now, ok := subjectOf(a, f.name)
	return ok && *now.source == f.key, nil
}

// moved reports whether the asset is known to be another than it was.
func (s *Settler) moved(ctx context.Context, f *file) bool {
	now, err := s.meta.Asset(context.WithoutCancel(ctx), f.asset.ID)
	return errors.Is(err, metadata.ErrNotFound) || err == nil && !same(f.asset, now, f.name)
}

// aboutFile tells what will not change from what may be otherwise next time.
func aboutFile(err error) bool {
	for _, kind := range []error{media.ErrDiffers, media.ErrUnsupported, media.ErrInvalid, media.ErrEncrypted, media.ErrNoMedia, media.ErrRendition, storage.ErrChanged} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// maxReason keeps what is told of hostile files short.
const maxReason = 500

func reason(err error) string {
	text := err.Error()
	if told, ok := errors.AsType[*problem.Error](err); ok && told.Detail != "" {
		text = told.Detail
	}
	return strings.ToValidUTF8(text[:min(len(text), maxReason)], "") // it may end within a rune
}

// swap makes the asset one of the new file, in one transaction.
func (r *round) swap(ctx context.Context, f *file) error {
	e := r.event(events.AssetSettled, f, map[string]any{"bytes": f.size, "seconds": time.Since(f.began).Seconds()})
	return r.update(ctx, &e, func(tx metadata.Tx) error {
		a, err := tx.Asset(ctx, f.asset.ID)
		if err != nil {
			return err
		}
		now, ok := subjectOf(a, f.name)
		if !ok || !same(f.asset, a, f.name) {
			return errMoved
		}
		if err := hand(ctx, tx, a.ID, *now.source, f.key); err != nil {
			return err
		}
		told := e
		told.Data = maps.Clone(e.Data)
		if left := now.outdated(); len(left) > 0 {
			told.Data["keys"] = left
		}
		now.settling.State = metadata.Settled
		if now.settling.Original == "" { // else the file was made of that by a transcoder, and goes
			now.settling.Original = *now.source
		}
		*now.source, *now.index, *now.revision = f.key, f.indexKey, f.revision
		if err := tx.UpdateAsset(ctx, a); err != nil {
			return err
		}
		f.swapped = a
		return tx.Emit(ctx, &told)
	})
}

// hand makes the new file that of the upload which brought the one before: what an
// upload has is what the asset is made of.
func hand(ctx context.Context, tx metadata.Tx, id, before, key string) error {
	uploads, err := tx.UploadsOf(ctx, id)
	if err != nil {
		return err
	}
	for _, u := range uploads {
		if u.Key != before || u.State != metadata.UploadComplete {
			continue
		}
		u.Key = key
		if err := tx.UpdateUpload(ctx, u); err != nil {
			return err
		}
	}
	return nil
}

// conclude writes down that a file stays what it is.
func (r *round) conclude(ctx context.Context, f *file, state metadata.Settling, data map[string]any) error {
	kind := events.AssetUnsettled
	if state.State == metadata.Settled {
		kind, data = events.AssetSettled, map[string]any{"bytes": int64(0), "seconds": 0.0}
	}
	e := r.event(kind, f, data)
	err := r.update(ctx, &e, func(tx metadata.Tx) error {
		a, err := tx.Asset(ctx, f.asset.ID)
		if err != nil {
			return err
		}
		now, ok := subjectOf(a, f.name)
		if !ok || !same(f.asset, a, f.name) {
			return errMoved
		}
		now.settling.State, now.settling.Reason = state.State, state.Reason
		if err := tx.UpdateAsset(ctx, a); err != nil {
			return err
		}
		told := e
		return tx.Emit(ctx, &told)
	})
	if errors.Is(err, errMoved) || errors.Is(err, metadata.ErrNotFound) {
		return nil
	}
	return err
}

func (s *Settler) event(kind events.Type, f *file, data map[string]any) events.Event {
	if f.name != "" {
		data["rendition"] = f.name
	}
	return events.Event{Type: kind, Time: time.Now(), Owner: f.asset.Owner, Asset: f.asset.ID, Data: data}
}
