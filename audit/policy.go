package audit

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/streamgate/streamgate/internal/problem"
)

const (
	firstRetry = 5 * time.Millisecond
	lastRetry  = 250 * time.Millisecond
)

// trouble does what the policy says about an event that a sink did not take.
func (l *Log) trouble(ctx context.Context, o *outlet, r *recording, err error) error {
	if l.policy == Drop {
		o.dropped.Add(1)
		if o.untold.Add(1) == 1 {
			l.logger.ErrorContext(ctx, "audit events are dropped: a sink does not take them", "error", err)
		}
		return nil
	}
	if l.policy == Block {
		err = insist(ctx, o.sink, r, err)
	}
	if err == nil {
		return nil
	}
	l.refused.Add(1)
	return problem.Because(ErrUnavailable, err, "this could not be recorded in the audit log, so it was not done; try again later")
}

// insist tries until the sink takes the event or ctx ends. A sink that is closed
// will never take it.
func insist(ctx context.Context, s Sink, r *recording, err error) error {
	pause := time.NewTimer(firstRetry)
	defer pause.Stop()
	for wait := firstRetry; err != nil && !errors.Is(err, errClosed); {
		select {
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		case <-pause.C:
		}
		wait = min(2*wait, lastRetry)
		pause.Reset(wait)
		err = s.Append(ctx, &r.event, r.line)
	}
	return err
}

// tell writes down how much is missing, where it is missing.
func (o *outlet) tell(ctx context.Context, logger *slog.Logger) {
	n := o.untold.Swap(0)
	if n == 0 {
		return // another was faster
	}
	e := Event{Time: time.Now(), Action: "audit.dropped", Outcome: Failure, Details: []slog.Attr{slog.Uint64("events", n)}}
	if o.sink.Append(ctx, &e, append(e.AppendJSON(nil), '\n')) != nil {
		o.untold.Add(n) // with what is dropped next
		return
	}
	logger.WarnContext(ctx, "audit events were dropped; the log takes them again", "events", n)
}
