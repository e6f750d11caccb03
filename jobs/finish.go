package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertype"

	"github.com/streamgate/streamgate/jobs/internal/backend"
)

// outcome is what is to become of a job whose handler has returned.
type outcome struct {
	state  State
	runAt  time.Time // of Retrying and Scheduled
	err    error     // to be kept; nil for none
	free   bool      // the attempt does not count
	silent bool      // it is somebody else's job by now
	told   bool      // of Cancelled: by a cancellation that may have been undone
}

// outcome decides by what the handler returned, and why its context ended.
func (t *Task) outcome(ctx context.Context, err error) *outcome {
	why := cause(ctx)
	var later snooze
	switch {
	case errors.Is(why, ErrLeaseLost), errors.Is(err, ErrLeaseLost):
		return &outcome{silent: true}
	case err == nil:
		return &outcome{state: Done}
	case errors.Is(why, ErrCancelled), errors.Is(err, ErrCancelled):
		return &outcome{state: Cancelled, err: ErrCancelled, told: errors.Is(why, ErrCancelled)}
	case errors.As(err, &later):
		return &outcome{state: Scheduled, runAt: now().Add(time.Duration(later)), free: true}
	case errors.Is(why, ErrStopping):
		return &outcome{state: Waiting, free: true}
	case errors.As(err, new(*discard)) || t.Attempt >= t.MaxAttempts:
		return &outcome{state: Failed, err: err}
	}
	return &outcome{state: Retrying, err: err, runAt: now().Add(t.backoff())}
}

// backoff keeps what an application says from ending the task without a word.
func (t *Task) backoff() (d time.Duration) {
	defer func() {
		if p := recover(); p != nil {
			t.q.o.Logger.Error("the backoff of a kind of job panics", "kind", t.Kind, "panic", p)
			d = DefaultBackoff(t.Attempt)
		}
	}()
	return t.kind.o.Backoff(t.Attempt)
}

// How often to try to write down what became of a job.
const (
	finishPause    = 50 * time.Millisecond
	maxFinishPause = 5 * time.Second
)

// finish writes it down, fenced by the generation, and tries for as long as the
// database refuses and the Queue is not closed: what was done is not to be done
// again for want of a word.
func (t *Task) finish(ctx context.Context, o *outcome) {
	progress := t.settle()
	if o.silent {
		t.q.o.Logger.WarnContext(ctx, "a job was taken over by another worker", "job", t.ID, "kind", t.Kind)
		return
	}
	ctx = context.WithoutCancel(ctx)
	for pause := finishPause; ; pause = min(2*pause, maxFinishPause) {
		err := t.q.db.Update(ctx, func(c backend.Conn) error { return t.write(ctx, c, o, progress) })
		if err == nil {
			break
		}
		if errors.Is(err, errNotOurs) {
			if t.calledDone() && t.isDone(ctx) { // in a transaction of the handler's
				o = &outcome{state: Done}
				break
			}
			t.q.o.Logger.WarnContext(ctx, "a job was taken over by another worker", "job", t.ID, "kind", t.Kind)
			return
		}
		if errors.Is(err, errUndone) {
			o = &outcome{state: Waiting, free: true}
			continue
		}
		t.q.o.Logger.ErrorContext(ctx, "what became of a job is not written down yet", "job", t.ID, "kind", t.Kind, "error", err)
		select {
		case <-t.q.closed:
			return
		case <-time.After(pause):
		}
	}
	t.finished(o, progress)
}

// isDone says whether this run of the job has ended it already.
func (t *Task) isDone(ctx context.Context) bool {
	j, err := t.q.Get(ctx, t.ID)
	return err == nil && j.State == Done && j.Generation == t.Generation
}

var (
	// errNotOurs undoes a transaction: the job is not this task's, or not running.
	errNotOurs = errors.New("jobs: not ours any more")
	// errUndone, too: the job was cancelled in a transaction that came to nothing.
	errUndone = errors.New("jobs: not cancelled after all")
)

// write sets the state, if the job runs by this lease.
func (t *Task) write(ctx context.Context, c backend.Conn, o *outcome, progress []byte) error {
	p, err := o.params(&t.Job, t.begun)
	if err != nil {
		return err
	}
	if _, err := c.River().JobSetStateIfRunningMany(ctx, p); err != nil {
		return err
	}
	crashes := "0"
	if o.free { // it may yet be what takes workers with it
		crashes = "crashes"
	}
	found, cancelled := false, false
	err = c.Query(ctx, func(r backend.Row) error {
		found = true
		return r.Scan(&cancelled)
	}, `UPDATE jobs SET node = '', crashes = `+crashes+` WHERE id = ? AND generation = ? AND node = ? RETURNING cancelled`, t.ID, t.Generation, t.q.node)
	switch {
	case err != nil:
	case !found:
		return errNotOurs
	case o.told && !cancelled:
		return errUndone
	}
	if err == nil && progress != nil {
		_, err = c.Exec(ctx, `UPDATE jobs SET progress = ? WHERE id = ?`, string(progress), t.ID)
	}
	if err == nil && o.state == Waiting && t.q.db.Notifies() { // for others, since this worker stops
		err = announce(ctx, c, t.kind.o.Lane)
	}
	if err != nil {
		return err
	}
	return t.q.follow(ctx, c, t.after(o, progress))
}

// maxErrorText is how much is kept of an error.
const maxErrorText = 8 << 10

// params is the outcome of j in River's words.
func (o *outcome) params(j *Job, begun time.Time) (*riverdriver.JobSetStateIfRunningManyParams, error) {
	var failure []byte
	if o.err != nil {
		var err error
		failure, err = json.Marshal(rivertype.AttemptError{At: begun.UTC(), Attempt: j.Attempt, Error: clip(o.err.Error(), maxErrorText)})
		if err != nil {
			return nil, err
		}
	}
	attempt, at := max(j.Attempt-1, 0), now()
	p := &riverdriver.JobSetStateIfRunningParams{ID: j.ID, ErrData: failure}
	if o.free {
		p.Attempt = &attempt
	}
	switch o.state {
	case Done:
		p.State, p.FinalizedAt = rivertype.JobStateCompleted, &at
	case Cancelled:
		p.State, p.FinalizedAt = rivertype.JobStateCancelled, &at
	case Failed:
		p.State, p.FinalizedAt = rivertype.JobStateDiscarded, &at
	case Scheduled:
		p.State, p.ScheduledAt = rivertype.JobStateScheduled, &o.runAt
	case Retrying:
		p.State, p.ScheduledAt = rivertype.JobStateRetryable, &o.runAt
	case Waiting, Running:
		p.State = rivertype.JobStateAvailable
	}
	return &riverdriver.JobSetStateIfRunningManyParams{
		ID: []int64{p.ID}, Attempt: []*int{p.Attempt}, ErrData: [][]byte{p.ErrData}, FinalizedAt: []*time.Time{p.FinalizedAt},
		MetadataDoMerge: []bool{false}, MetadataUpdates: [][]byte{nil}, ScheduledAt: []*time.Time{p.ScheduledAt},
		State: []rivertype.JobState{p.State},
	}, nil
}

func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xc0 == 0x80 { // not within a rune
		n--
	}
	return s[:n] + "…"
}

// after is the job as it is with an outcome.
func (t *Task) after(o *outcome, progress []byte) *Job {
	j := t.Job
	j.State, j.Errors = o.state, slices.Clip(j.Errors)
	if progress != nil {
		j.Progress = progress
	}
	if o.err != nil {
		j.Errors = append(j.Errors, Failure{At: t.begun.UTC(), Attempt: j.Attempt, Error: clip(o.err.Error(), maxErrorText)})
	}
	if o.free {
		j.Attempt = max(j.Attempt-1, 0)
	}
	if j.State.Ended() {
		j.EndedAt = now()
	} else {
		j.RunAt = o.runAt
	}
	return &j
}

// finished tells of what is written down.
func (t *Task) finished(o *outcome, progress []byte) {
	j := t.after(o, progress)
	if !j.State.Ended() {
		t.q.wake(j, t.kind.o.Lane)
	}
	t.q.publish(j)
	t.q.o.Ended(j, time.Since(t.begun))
}
