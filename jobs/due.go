package jobs

import (
	"context"
	"slices"
	"time"

	"github.com/riverqueue/river/riverdriver"

	"github.com/streamgate/streamgate/jobs/internal/backend"
)

const (
	// dueEvery is how often the database is asked for jobs whose time has come that
	// other processes have put there.
	dueEvery = 5 * time.Second
	// dueAtOnce is how many are made ready in one transaction.
	dueAtOnce = 500
	// duePause is for a database whose clock is behind ours.
	duePause = 10 * time.Millisecond
)

// due is when the next job is to be made ready that this process knows of.
type due struct{ times chan time.Time }

func newDue() *due { return &due{times: make(chan time.Time, 64)} }

// at brings the next look forward. Where so many are told at once that there is no
// room, one of them has the database asked for all.
func (d *due) at(t time.Time) {
	select {
	case d.times <- t:
	default:
	}
}

// wake has a job run that is or was written down: now, or at its time. It may be
// called from within the transaction that does so.
func (q *Queue) wake(j *Job, lane string) {
	q.mu.Lock()
	w := q.worker
	q.mu.Unlock()
	switch {
	case w == nil:
	case j.State == Waiting:
		w.pilot.wake(lane)
	default: // or is duplicate, for which one look more does no harm
		w.due.at(j.RunAt)
	}
}

// runDue makes jobs ready whose time has come.
func (w *worker) runDue(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	next := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case t := <-w.due.times:
			if t.Before(next) {
				next = t
				timer.Reset(time.Until(next) + time.Millisecond) // which databases round to
			}
			continue
		case <-timer.C:
		}
		soonest, err := w.makeReady(ctx)
		if err != nil && ctx.Err() == nil {
			w.q.o.Logger.ErrorContext(ctx, "jobs whose time has come could not be made ready, it will be tried again", "error", err)
		}
		next = time.Now().Add(dueEvery)
		if !soonest.IsZero() && soonest.Before(next) {
			next = soonest
		}
		timer.Reset(max(time.Until(next)+time.Millisecond, duePause))
	}
}

// makeReady makes all jobs ready whose time has come, and returns when that of the
// next one comes within dueEvery, or the zero time.
func (w *worker) makeReady(ctx context.Context) (time.Time, error) {
	for {
		next, err := w.nextDue(ctx)
		if err != nil || next.IsZero() || next.After(time.Now()) {
			return next, err
		}
		n, err := w.schedule(ctx)
		if err != nil || n == 0 {
			return next, err
		}
	}
}

// nextDue reads, so that an idle worker writes nothing.
func (w *worker) nextDue(ctx context.Context) (time.Time, error) {
	rows, err := w.q.db.Reader().River().JobList(ctx, &riverdriver.JobListParams{
		Max: 1, NamedArgs: map[string]any{"until": time.Now().Add(dueEvery).UTC()}, OrderByClause: "scheduled_at",
		WhereClause: backend.DueStates + " AND scheduled_at <= @until",
	})
	if err != nil || len(rows) == 0 {
		return time.Time{}, err
	}
	return rows[0].ScheduledAt, nil
}

// schedule makes some ready and tells their lanes, here and elsewhere.
func (w *worker) schedule(ctx context.Context) (n int, err error) {
	var lanes []string
	err = w.q.db.Update(ctx, func(c backend.Conn) error {
		lanes = lanes[:0]
		list, err := c.River().JobSchedule(ctx, &riverdriver.JobScheduleParams{Max: dueAtOnce})
		if err != nil {
			return err
		}
		n = len(list)
		for _, r := range list {
			if !r.ConflictDiscarded && !slices.Contains(lanes, r.Job.Queue) {
				lanes = append(lanes, r.Job.Queue)
			}
		}
		if !w.q.db.Notifies() || len(lanes) == 0 {
			return nil
		}
		return announce(ctx, c, lanes...)
	})
	if err != nil {
		return 0, err
	}
	for _, lane := range lanes {
		w.pilot.wake(lane)
	}
	return n, nil
}
