package settle

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

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
	err := s.sweepDrafts(ctx)
	err = errors.Join(err, s.scan(ctx))
	if err != nil && ctx.Err() == nil {
		s.o.Logger.ErrorContext(ctx, "could not look for all that is to be settled", "error", err)
	}
}

func (s *Settler) scan(ctx context.Context) error {
	for after := ""; ; {
		page, err := s.meta.AssetsIn(ctx, metadata.Ready, after, scanPage)
		if err != nil {
			return err
		}
		for _, a := range page {
			after = a.ID
			if s.isWaiting(a) {
				s.queue.add(a.ID)
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
		if err := s.try(ctx, id); err != nil && ctx.Err() == nil {
			s.complain(ctx, id, err)
			s.queue.later(id, s.o.Retry)
		}
	}
}

// try keeps a file that trips a parser from ending the process.
func (s *Settler) try(ctx context.Context, id string) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("settle: asset %s: panic: %v\n%s", id, p, debug.Stack())
		}
	}()
	return s.Settle(ctx, id)
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
