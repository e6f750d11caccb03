package events

import (
	"context"
	"math"
	"time"
)

// stream is one client's connection: what it has heard and what comes next.
type stream struct {
	log       Log
	sub       *Subscription
	owner     string
	last      int64 // the highest ID that was sent
	out       *eventWriter
	heartbeat time.Duration
	retry     time.Duration
}

// run writes events until the client leaves, ctx ends or the bus is closed.
// Only the bus's end is no error.
func (s *stream) run(ctx context.Context, replay bool) error {
	if err := s.out.retry(s.retry); err != nil {
		return err
	}
	if replay {
		if err := s.replay(ctx); err != nil {
			return err
		}
	}
	beat := time.NewTicker(s.heartbeat)
	defer beat.Stop()
	for {
		select {
		case e, open := <-s.sub.Events():
			if !open {
				return s.out.comment("the server is stopping")
			}
			if err := s.live(ctx, e); err != nil {
				return err
			}
			beat.Reset(s.heartbeat)
		case <-beat.C:
			if err := s.out.comment("heartbeat"); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// replay sends what the client has not heard. From an event that the Log has not
// reached there is no going on: what comes would be below it, and never sent. One
// that was purged as the last looks the same, and then nothing is missing.
func (s *stream) replay(ctx context.Context) error {
	page, err := s.log.After(ctx, s.owner, s.last-1, 1)
	if err != nil {
		return err
	}
	if len(page) > 0 || s.last == 0 {
		return s.catchUp(ctx)
	}
	s.last = 0
	return s.out.comment("the last event id is unknown here; this is what happens from now on")
}

// live sends an event of the bus, unless the Log has brought it already. What
// was dropped before it comes first, out of the Log.
func (s *stream) live(ctx context.Context, e Event) error {
	if err := s.recover(ctx, s.sub.takeMissed(e.ID)); err != nil {
		return err
	}
	if e.ID == 0 || e.ID > s.last {
		if err := s.send(e); err != nil {
			return err
		}
	}
	if len(s.sub.Events()) > 0 {
		return nil // what was dropped may come after what is waiting
	}
	return s.recover(ctx, s.sub.takeMissed(math.MaxInt64))
}

// recover reads the Log from the event that was missed on.
func (s *stream) recover(ctx context.Context, missed int64) error {
	if missed == 0 {
		return nil
	}
	s.last = max(s.last, missed-1)
	return s.catchUp(ctx)
}

// catchUp sends what the Log has after the last event.
func (s *stream) catchUp(ctx context.Context) error {
	for {
		page, err := s.log.After(ctx, s.owner, s.last, replayPage)
		if err != nil {
			return err
		}
		for _, e := range page {
			if err := s.send(e); err != nil {
				return err
			}
		}
		if len(page) < replayPage {
			return nil
		}
	}
}

func (s *stream) send(e Event) error {
	if err := s.out.event(e); err != nil {
		return err
	}
	s.last = max(s.last, e.ID)
	return nil
}
