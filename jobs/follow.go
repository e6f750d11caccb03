package jobs

import (
	"context"

	"github.com/streamgate/streamgate/jobs/internal/backend"
)

// follow submits what KindOptions.OnFailure says, in the transaction that fails or
// cancels j. What cannot be submitted keeps nothing from ending.
func (q *Queue) follow(ctx context.Context, c backend.Conn, j *Job) error {
	q.mu.Lock()
	k := q.kinds[j.Kind]
	q.mu.Unlock()
	if k == nil || k.o.OnFailure == nil || j.State != Failed && j.State != Cancelled {
		return nil
	}
	next := q.next(ctx, k, j)
	if next == nil {
		return nil
	}
	p, err := q.insertion(next, open)
	if err != nil {
		q.o.Logger.ErrorContext(ctx, "what is to follow a job that failed cannot be submitted", "job", j.ID, "kind", j.Kind, "error", err)
		return nil
	}
	out, err := insert(ctx, q.db, c, p, next)
	if err == nil {
		q.wake(out, p.Queue)
	}
	return err
}

// next asks what is to follow, of code that may panic.
func (q *Queue) next(ctx context.Context, k *kind, j *Job) (next *Job) {
	defer func() {
		if p := recover(); p != nil {
			q.o.Logger.ErrorContext(ctx, "OnFailure of a kind of job panics", "job", j.ID, "kind", j.Kind, "panic", p)
			next = nil
		}
	}()
	return k.o.OnFailure(j)
}
