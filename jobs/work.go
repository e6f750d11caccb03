package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/streamgate/streamgate/jobs/internal/backend"
)

// bridge is the worker of River for all kinds.
type bridge struct {
	river.WorkerDefaults[args]

	q     *Queue
	pilot *pilot
}

// Work implements river.Worker. What becomes of the job is written down by finish,
// so River hears of no error,
// but for what is no task.
func (b bridge) Work(ctx context.Context, row *river.Job[args]) error {
	t, err := b.q.task(row.JobRow)
	if err != nil {
		b.pilot.leaveToRiver(row.ID)
		return err
	}
	ctx, leave := t.enter(ctx)
	defer leave()
	t.publishState(Running)
	err = t.run(ctx)
	t.finish(ctx, t.outcome(ctx, err))
	return nil
}

// task makes the Task of a job that was fetched.
func (q *Queue) task(row *rivertype.JobRow) (*Task, error) {
	k, err := q.kind(row.Kind)
	if err != nil {
		return nil, err
	}
	var of claim
	if err := json.Unmarshal(row.Metadata, &of); err != nil {
		return nil, fmt.Errorf("jobs: the lease of job %d: %w", row.ID, err)
	}
	j := job(row, &detail{owner: of.Owner, unique: of.Unique, generation: of.Generation, progress: of.Progress})
	return &Task{Job: *j, q: q, kind: k, begun: time.Now()}, nil
}

// enter makes the context of the handler, which ends with the reasons of this
// package, and lets the Queue find the task until leave.
func (t *Task) enter(river context.Context) (_ context.Context, leave func()) {
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(river))
	stop := context.AfterFunc(river, func() {
		if errors.Is(context.Cause(river), rivertype.ErrJobCancelledRemotely) {
			if t.isCancelled() {
				cancel(ErrCancelled)
			}
			return
		}
		cancel(ErrStopping)
	})
	t.end = cancel
	t.q.mu.Lock()
	t.q.running[t.ID] = t
	if t.q.ending {
		cancel(ErrStopping)
	}
	t.q.mu.Unlock()
	return ctx, func() {
		stop()
		cancel(nil)
		t.q.forget(t)
	}
}

// isCancelled asks the database, since River may hear late that a run was cancelled
// that is over, when the job is tried again. Where it does not answer, the next beat
// tells.
func (t *Task) isCancelled() (cancelled bool) {
	ctx, cancel := context.WithTimeout(context.Background(), fetchTimeout)
	defer cancel()
	err := t.q.db.Reader().Query(ctx, func(r backend.Row) error { return r.Scan(&cancelled) },
		`SELECT cancelled FROM jobs WHERE id = ? AND generation = ?`, t.ID, t.Generation)
	return err == nil && cancelled
}

func (q *Queue) forget(t *Task) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.running[t.ID] == t { // and not a later run of the same job
		delete(q.running, t.ID)
	}
}

// tasks returns those that run here.
func (q *Queue) tasks() []*Task {
	q.mu.Lock()
	defer q.mu.Unlock()
	list := make([]*Task, 0, len(q.running))
	for _, t := range q.running {
		list = append(list, t)
	}
	return list
}

// run calls the handler.
func (t *Task) run(ctx context.Context) (err error) {
	if t.kind.o.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, t.kind.o.Timeout, ErrTimeout)
		defer cancel()
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("jobs: panic: %v\n%s", p, debug.Stack())
		}
		if err != nil && errors.Is(cause(ctx), ErrTimeout) {
			err = fmt.Errorf("%w (%v): %w", ErrTimeout, t.kind.o.Timeout, err)
		}
	}()
	return t.kind.handler(ctx, t)
}

func (t *Task) publishState(s State) {
	j := t.Job
	j.State = s
	t.q.publish(&j)
}
