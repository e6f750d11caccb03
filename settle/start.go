package settle

import (
	"context"
	"errors"

	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
)

// scanPage is how many rows are read at a time.
const scanPage = 100

// Start looks for assets that are to be settled, or whose originals are to be
// dropped, and goes on with those that are queued, until Stop. The end of ctx does
// not end it.
func (s *Settler) Start(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cancel != nil || s.over {
		return errors.New("settle: a Settler can be started once")
	}
	ctx, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
	for range s.o.AtOnce {
		s.running.Go(func() { s.work(ctx) })
	}
	s.running.Go(func() { s.begin(ctx) })
	return nil
}

// begin finds what was left to do by the process before.
func (s *Settler) begin(ctx context.Context) {
	err := s.Recover(ctx, func(_ context.Context, assets []string) error {
		for _, id := range assets {
			s.queue.add(id)
		}
		return nil
	})
	if err != nil && ctx.Err() == nil {
		s.o.Logger.ErrorContext(ctx, "could not look for all that is to be settled", "error", err)
	}
}

// Recover removes what is half written of assets that nobody will look at, and hands
// over, up to a hundred at a time, the ids of those that are to be settled or whose
// originals are to be dropped. Start does both by itself; it is made for who has a
// queue of his own, see Once. The errors are of the stores, of ctx and of queue.
func (s *Settler) Recover(ctx context.Context, queue func(ctx context.Context, assets []string) error) error {
	return errors.Join(s.sweepDrafts(ctx), s.scan(ctx, queue))
}

func (s *Settler) scan(ctx context.Context, queue func(ctx context.Context, assets []string) error) error {
	for after := ""; ; {
		page, err := s.meta.AssetsIn(ctx, metadata.Ready, after, scanPage)
		if err != nil {
			return err
		}
		var ids []string
		for _, a := range page {
			after = a.ID
			if s.isWaiting(a) {
				ids = append(ids, a.ID)
			}
		}
		if len(ids) > 0 {
			if err := queue(ctx, ids); err != nil {
				return err
			}
		}
		if len(page) < scanPage {
			return nil
		}
	}
}

func (s *Settler) work(ctx context.Context) {
	for {
		id, ok := s.queue.take()
		if !ok {
			return
		}
		if err := s.Settle(ctx, id); err != nil && ctx.Err() == nil {
			s.complain(ctx, id, err)
			s.queue.later(id, s.o.Retry)
		}
	}
}

// complain tells what there is nobody to return to. That there is no room is no
// fault: it will be another time.
func (s *Settler) complain(ctx context.Context, id string, err error) {
	if errors.Is(err, storage.ErrBusy) {
		return
	}
	s.o.Failed(id, err)
	if errors.Is(err, storage.ErrFull) {
		s.o.Logger.InfoContext(ctx, "an asset is not settled for want of room, it will be tried again", "asset", id, "error", err)
		return
	}
	s.o.Logger.ErrorContext(ctx, "an asset could not be settled, it will be tried again", "asset", id, "error", err)
}
