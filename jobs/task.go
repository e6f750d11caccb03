package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/jobs/internal/backend"
	"github.com/streamgate/streamgate/metadata"
)

// A Task is a job that runs, as its handler sees it. Its methods may be called
// concurrently.
type Task struct {
	Job // as it was when it was started

	q     *Queue
	kind  *kind
	end   context.CancelCauseFunc // of the handler's context
	begun time.Time

	mu       sync.Mutex
	progress []byte // told, and not written down yet
	writing  []byte // told before, and being written down
	wrote    time.Time
	flush    *time.Timer
	over     bool // nothing is written down any more
	done     bool // Done was called: the lease may be given back already
}

// progressEvery is how often progress is written down, and told of, at most.
const progressEvery = time.Second

const maxProgress = 16 << 10

// Decode reads Args into what dst points to.
func (t *Task) Decode(dst any) error {
	if err := json.Unmarshal(t.Args, dst); err != nil {
		return Discard(fmt.Errorf("jobs: decoding the arguments of %s job %d: %w", t.Kind, t.ID, err))
	}
	return nil
}

// Progress tells how far the job is: what v is as JSON, up to 16 KiB, becomes
// Job.Progress. It is written down and published once a second at most, the last
// one always, and does not wait for that.
func (t *Task) Progress(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("jobs: encoding progress: %w", err)
	}
	if len(text) > maxProgress {
		return problem.Errorf(ErrInvalid, "progress of %d bytes; %d are possible", len(text), maxProgress)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over {
		return nil
	}
	t.progress = text
	if t.flush == nil {
		t.flush = time.AfterFunc(max(0, progressEvery-time.Since(t.wrote)), t.writeProgress)
	}
	return nil
}

// writeProgress writes down what was told last, as long as the lease is there.
func (t *Task) writeProgress() {
	t.mu.Lock()
	text := t.progress
	if t.over || text == nil {
		t.mu.Unlock()
		return
	}
	t.progress, t.writing, t.wrote = nil, text, time.Now()
	t.mu.Unlock()

	ctx, cancel := context.WithTimeout(context.Background(), fetchTimeout)
	defer cancel()
	ours := true
	err := t.q.db.Update(ctx, func(c backend.Conn) error {
		n, err := c.Exec(ctx, `UPDATE jobs SET progress = ? WHERE id = ? AND generation = ? AND node = ?`, string(text), t.ID, t.Generation, t.q.node)
		ours = n > 0
		return err
	})
	if err != nil {
		t.q.o.Logger.WarnContext(ctx, "progress of a job is not written down", "job", t.ID, "error", err)
	}

	t.mu.Lock()
	defer t.mu.Unlock()
	t.flush, t.writing = nil, nil
	if t.over || err == nil && !ours { // somebody else tells of it by now
		return
	}
	j := t.Job
	j.State, j.Progress = Running, text
	t.q.publish(&j) // under the lock: what comes after its end is told after it
	if t.progress != nil {
		t.flush = time.AfterFunc(progressEvery, t.writeProgress)
	}
}

// settle ends the writing of progress, and returns what is left of it, or on its way:
// that may come too late.
func (t *Task) settle() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.over = true
	if t.flush != nil {
		t.flush.Stop()
	}
	if t.progress == nil {
		return t.writing
	}
	return t.progress
}

// Fence fails with ErrLeaseLost, within a transaction of the same database, when
// the job runs elsewhere by now, and with ErrCancelled when it was cancelled. Until
// the end of the transaction nobody takes the job over.
func (t *Task) Fence(ctx context.Context, tx metadata.Tx) error {
	c, err := t.q.db.Within(tx)
	if err != nil {
		return err
	}
	return t.fence(ctx, c)
}

// fence locks the row of River first and then ours, as everybody does.
func (t *Task) fence(ctx context.Context, c backend.Conn) error {
	n, err := c.Exec(ctx, `UPDATE river_job SET state = state WHERE id = ? AND state = 'running'`, t.ID)
	if err != nil {
		return fmt.Errorf("jobs: fencing: %w", err)
	}
	if n == 0 {
		return ErrLeaseLost
	}
	found, cancelled := false, false
	err = c.Query(ctx, func(r backend.Row) error {
		found = true
		return r.Scan(&cancelled)
	}, `UPDATE jobs SET node = node WHERE id = ? AND generation = ? AND node = ? RETURNING cancelled`, t.ID, t.Generation, t.q.node)
	switch {
	case err != nil:
		return fmt.Errorf("jobs: fencing: %w", err)
	case !found:
		return ErrLeaseLost
	case cancelled:
		return ErrCancelled
	}
	return nil
}

// Done is Fence, and has the job done with the transaction: what is published in
// it is published once. The handler then returns nil; if it returns an error, or
// the transaction fails, that counts.
func (t *Task) Done(ctx context.Context, tx metadata.Tx) error {
	c, err := t.q.db.Within(tx)
	if err != nil {
		return err
	}
	if err := t.fence(ctx, c); err != nil {
		return err
	}
	t.mu.Lock()
	t.done = true
	t.mu.Unlock()
	return t.write(ctx, c, &outcome{state: Done}, nil)
}

// calledDone says whether the lease may be gone because Done was called.
func (t *Task) calledDone() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.done
}

// publish tells its owner of a job as it is now. Errors name files and keys of the
// server: they are for operators, who see them at the job.
func (q *Queue) publish(j *Job) {
	data := map[string]any{"job": j.ID, "kind": j.Kind, "state": string(j.State)}
	if len(j.Progress) > 0 {
		data["progress"] = j.Progress
	}
	q.o.Publish(events.Event{Type: events.JobChanged, Time: now(), Owner: j.Owner, Data: data})
}

// cause is why the context of a handler ended; nil while it has not.
func cause(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	for _, why := range []error{ErrLeaseLost, ErrCancelled, ErrStopping, ErrTimeout} {
		if errors.Is(context.Cause(ctx), why) {
			return why
		}
	}
	return nil
}
