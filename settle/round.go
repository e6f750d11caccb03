package settle

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
)

// A Fence is called in each transaction that changes an asset, and lets it happen or
// not: nothing is swapped for who has lost the right to do so meanwhile.
type Fence func(ctx context.Context, tx metadata.Tx) error

// Once is Settle for who has a queue of his own and does not Start the Settler. It
// also returns when the asset is to be looked at again: for what cannot be done yet, as
// an original whose Grace is not over, and, with an error, where there is no room or
// the asset is being settled already; 0 for all else. An error of fence (nil: none) is
// returned, and the asset is as it was. Options.Failed and Logger are told of errors, a
// file that trips a parser among them.
func (s *Settler) Once(ctx context.Context, assetID string, fence Fence) (again time.Duration, err error) {
	r := &round{Settler: s, fence: fence}
	if err = r.look(ctx, assetID); err == nil {
		return r.again, nil
	}
	if ctx.Err() == nil && !r.refused {
		s.complain(ctx, assetID, err)
	}
	if errors.Is(err, storage.ErrFull) || errors.Is(err, storage.ErrBusy) {
		return s.o.Retry, err
	}
	return 0, err
}

// Waits reports whether there is something to settle of an asset, or to drop.
func (s *Settler) Waits(a *metadata.Asset) bool {
	return a.State == metadata.Ready && a.Playable && s.isWaiting(a)
}

// A round is one look at an asset.
type round struct {
	*Settler

	fence   Fence         // or nil
	refused bool          // by the fence
	again   time.Duration // when to look again; 0 for never
}

// look looks at all files of an asset. It keeps one that trips a parser from ending
// the process.
func (r *round) look(ctx context.Context, assetID string) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("settle: asset %s: panic: %v\n%s", assetID, p, debug.Stack())
		}
	}()
	if !r.enter(assetID) {
		return problem.Errorf(storage.ErrBusy, "the asset is being settled already")
	}
	defer r.leave(assetID)
	a, err := r.meta.Asset(ctx, assetID)
	if errors.Is(err, metadata.ErrNotFound) {
		return nil
	}
	if err == nil {
		err = r.sweep(ctx, a)
	}
	if err == nil {
		for _, name := range names(a) {
			err = errors.Join(err, r.each(ctx, assetID, name))
		}
	}
	if err != nil {
		return fmt.Errorf("settle: asset %s: %w", assetID, err)
	}
	return nil
}

// later has the asset looked at in a while, unless that is to happen sooner.
func (r *round) later(wait time.Duration) {
	if r.again == 0 || wait < r.again {
		r.again = wait
	}
}

// update is a transaction, if the fence lets it be. The recorder is told of e, where
// there is one, last before the commit.
func (r *round) update(ctx context.Context, e *events.Event, fn func(tx metadata.Tx) error) error {
	return r.meta.Update(ctx, func(tx metadata.Tx) error {
		err := fn(tx)
		if err == nil && r.fence != nil {
			err = r.fence(ctx, tx)
			r.refused = err != nil
		}
		if err == nil && e != nil {
			err = r.o.Recorder.Record(ctx, *e)
		}
		return err
	})
}

// each looks at one file of an asset as that is now.
func (r *round) each(ctx context.Context, assetID, name string) error {
	a, err := r.meta.Asset(ctx, assetID)
	if errors.Is(err, metadata.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	f, ok := subjectOf(a, name)
	switch {
	case ok && f.settling.State == metadata.Settled:
		return r.drop(ctx, a, name)
	case ok && f.settling.State == "" && a.State == metadata.Ready && a.Playable:
		return r.settle(ctx, a, name)
	case name == "" && a.Settling.State == "" && a.State == metadata.Processing && a.Playable:
		r.later(r.o.Retry) // another file of it is on its way
	}
	return nil
}
