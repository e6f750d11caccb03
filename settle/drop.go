package settle

import (
	"context"
	"errors"
	"time"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/metadata"
)

// errNeeded means that something is yet to be made of the original.
var errNeeded = errors.New("the original is needed yet")

// drop lets go of the original, once nobody is sent anything of it any more, and
// nothing is made of it. Its bytes are removed by the outbox.
func (r *round) drop(ctx context.Context, a *metadata.Asset, name string) error {
	was, ok := subjectOf(a, name)
	if r.o.Originals != Drop || !ok || !droppable(was.settling) {
		return nil
	}
	if wait := time.Until(a.UpdatedAt.Add(r.o.Grace)); wait > 0 {
		r.later(wait)
		return nil
	}
	err := r.update(ctx, nil, func(tx metadata.Tx) error {
		now, err := tx.Asset(ctx, a.ID)
		if err != nil {
			return err
		}
		f, ok := subjectOf(now, name)
		if !ok || !same(a, now, name) {
			return errMoved
		}
		if err := r.needed(ctx, tx, now, name); err != nil {
			return err
		}
		f.settling.Dropped = true
		if err := tx.UpdateAsset(ctx, now); err != nil {
			return err
		}
		e := r.event(events.AssetUpdated, &file{asset: now}, map[string]any{"keys": []any{f.settling.Original}})
		return tx.Emit(ctx, &e)
	})
	if errors.Is(err, errNeeded) {
		r.later(r.o.Retry)
		return nil
	}
	if errors.Is(err, errMoved) || errors.Is(err, metadata.ErrNotFound) {
		return nil
	}
	return err
}

// needed asks for the source; of a rendition nothing else is made.
func (s *Settler) needed(ctx context.Context, tx metadata.Tx, a *metadata.Asset, name string) error {
	if name != "" {
		return nil
	}
	needed, err := s.o.Needed(ctx, tx, a)
	if err == nil && needed {
		err = errNeeded
	}
	return err
}
