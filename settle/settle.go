package settle

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
)

// errMoved means that the asset is of another file by now, or of none.
var errMoved = errors.New("the asset is of another file by now")

// Settle settles an asset, if it is ready and was not looked at before, and drops
// its original when that is to be dropped and its time has come. For all else there
// is nothing to do, and it returns nil: it may be called at any time, as often as
// one likes. So it does where the file cannot be settled, which the asset says
// then, and where the asset was deleted or replaced meanwhile.
//
// An error that matches storage.ErrFull means that there is no room now, and
// storage.ErrBusy that the asset is being settled already; any other is one of the
// stores or of ctx. After one everything is as it was before, but for bytes under
// keys that nothing refers to.
func (s *Settler) Settle(ctx context.Context, assetID string) error {
	if !s.enter(assetID) {
		return problem.Errorf(storage.ErrBusy, "the asset is being settled already")
	}
	defer s.leave(assetID)
	a, err := s.meta.Asset(ctx, assetID)
	if errors.Is(err, metadata.ErrNotFound) {
		return nil
	}
	if err == nil {
		err = s.sweep(ctx, a)
	}
	switch {
	case err != nil:
	case a.Settling.State == metadata.Settled:
		err = s.drop(ctx, a)
	case a.Settling.State == "" && a.State == metadata.Ready && a.Playable && a.Source != "":
		err = s.settle(ctx, a)
	case a.Settling.State == "" && a.State == metadata.Processing && a.Playable:
		s.queue.later(assetID, s.o.Retry) // another file of it is on its way
	}
	if err != nil {
		return fmt.Errorf("settle: asset %s: %w", assetID, err)
	}
	return nil
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
func (s *Settler) settle(ctx context.Context, a *metadata.Asset) error {
	f := s.newFile(a)
	err := f.make(ctx)
	if errors.Is(err, errInRuns) {
		return s.conclude(ctx, a, metadata.Settling{State: metadata.Settled}, nil)
	}
	if err == nil {
		if err = s.swap(ctx, f); err == nil {
			return s.drop(ctx, f.swapped)
		}
	}
	if kept, unsure := s.refersTo(ctx, a.ID, f.key); kept || unsure != nil {
		return unsure // the transaction was done after all; or nobody knows, and a sweep will find out
	}
	err = errors.Join(err, f.remove(context.WithoutCancel(ctx)))
	switch {
	case s.moved(ctx, a):
		return nil
	case aboutFile(err):
		return s.conclude(ctx, a, metadata.Settling{State: metadata.Unsettled, Reason: reason(err)}, map[string]any{"reason": reason(err)})
	}
	return err
}

// refersTo reports whether the asset is made of that file.
func (s *Settler) refersTo(ctx context.Context, id, key string) (bool, error) {
	a, err := s.meta.Asset(context.WithoutCancel(ctx), id)
	if errors.Is(err, metadata.ErrNotFound) {
		return false, nil
	}
	return err == nil && a.Source == key, err
}

// moved reports whether the asset is known to be another than it was.
func (s *Settler) moved(ctx context.Context, was *metadata.Asset) bool {
	now, err := s.meta.Asset(context.WithoutCancel(ctx), was.ID)
	return errors.Is(err, metadata.ErrNotFound) || err == nil && !same(was, now)
}

// same reports whether nothing has changed that a file was made of.
func same(a, b *metadata.Asset) bool {
	return a.Source == b.Source && a.Index == b.Index && a.Revision == b.Revision && a.Settling == b.Settling
}

// aboutFile tells what will not change from what may be otherwise next time.
func aboutFile(err error) bool {
	for _, kind := range []error{media.ErrDiffers, media.ErrUnsupported, media.ErrInvalid, media.ErrEncrypted, media.ErrNoMedia, storage.ErrChanged} {
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
	return text[:min(len(text), maxReason)]
}

// swap makes the asset one of the new file, in one transaction.
func (s *Settler) swap(ctx context.Context, f *file) error {
	e := s.event(events.AssetSettled, f.asset, map[string]any{"bytes": f.size, "seconds": time.Since(f.began).Seconds()})
	if err := s.o.Recorder.Record(ctx, e); err != nil {
		return err
	}
	return s.meta.Update(ctx, func(tx metadata.Tx) error {
		a, err := tx.Asset(ctx, f.asset.ID)
		if err != nil {
			return err
		}
		if !same(f.asset, a) {
			return errMoved
		}
		if err := hand(ctx, tx, a, f.key); err != nil {
			return err
		}
		told := e
		told.Data = map[string]any{"bytes": e.Data["bytes"], "seconds": e.Data["seconds"]}
		if left := outdated(a); len(left) > 0 {
			told.Data["keys"] = left
		}
		a.Settling.State = metadata.Settled
		if a.Settling.Original == "" { // else the source was made of that by a transcoder, and goes
			a.Settling.Original = a.Source
		}
		a.Source, a.Index, a.Revision = f.key, f.indexKey, f.revision
		if err := tx.UpdateAsset(ctx, a); err != nil {
			return err
		}
		f.swapped = a
		return tx.Emit(ctx, &told)
	})
}

// outdated are the keys that nothing refers to once the asset is of the new file.
func outdated(a *metadata.Asset) (keys []any) {
	if a.Index != "" {
		keys = append(keys, a.Index)
	}
	if a.Settling.Original != "" {
		keys = append(keys, a.Source)
	}
	return keys
}

// hand makes the new file that of the upload which brought the source: what an
// upload has is what the asset is made of.
func hand(ctx context.Context, tx metadata.Tx, a *metadata.Asset, key string) error {
	uploads, err := tx.UploadsOf(ctx, a.ID)
	if err != nil {
		return err
	}
	for _, u := range uploads {
		if u.Key != a.Source || u.State != metadata.UploadComplete {
			continue
		}
		u.Key = key
		if err := tx.UpdateUpload(ctx, u); err != nil {
			return err
		}
	}
	return nil
}

// conclude writes down that the source stays what it is.
func (s *Settler) conclude(ctx context.Context, was *metadata.Asset, now metadata.Settling, data map[string]any) error {
	kind := events.AssetUnsettled
	if now.State == metadata.Settled {
		kind, data = events.AssetSettled, map[string]any{"bytes": int64(0), "seconds": 0.0}
	}
	e := s.event(kind, was, data)
	if err := s.o.Recorder.Record(ctx, e); err != nil {
		return err
	}
	err := s.meta.Update(ctx, func(tx metadata.Tx) error {
		a, err := tx.Asset(ctx, was.ID)
		if err != nil {
			return err
		}
		if !same(was, a) {
			return errMoved
		}
		a.Settling.State, a.Settling.Reason = now.State, now.Reason
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

func (s *Settler) event(kind events.Type, a *metadata.Asset, data map[string]any) events.Event {
	return events.Event{Type: kind, Time: time.Now(), Owner: a.Owner, Asset: a.ID, Data: data}
}
