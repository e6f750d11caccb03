package jobs

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/streamgate/streamgate/jobs/internal/backend"
)

// join makes this process one of those that work. Where it is the only one,
// whatever ran is nobody's any more.
func (q *Queue) join(ctx context.Context) error {
	if !q.db.Alone() {
		return q.sayAlive(ctx)
	}
	return q.rescue(ctx)
}

// leave tells others that nothing runs here any more.
func (q *Queue) leave(ctx context.Context) {
	if q.db.Alone() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	err := q.db.Update(ctx, func(c backend.Conn) error {
		_, err := c.Exec(ctx, `DELETE FROM job_nodes WHERE id = ?`, q.node)
		return err
	})
	if err != nil {
		q.o.Logger.WarnContext(ctx, "others are not told that this worker has stopped", "error", err)
	}
}

func (q *Queue) sayAlive(ctx context.Context) error {
	return q.db.Update(ctx, func(c backend.Conn) error {
		_, err := c.Exec(ctx, `INSERT INTO job_nodes (id, beat) VALUES (?, `+c.Now()+`)
			ON CONFLICT (id) DO UPDATE SET beat = excluded.beat`, q.node)
		return err
	})
}

// beat says again and again that this process lives, looks whether its tasks are
// still its own, and takes over those of processes that are silent.
func (w *worker) beat(ctx context.Context) {
	q := w.q
	ticker := time.NewTicker(q.o.Heartbeat)
	defer ticker.Stop()
	heard := time.Now() // of this process by others
	var lost []orphan
	for {
		begun := time.Now()
		alive, err := w.beatOnce(ctx, &lost)
		if alive {
			heard = begun
		}
		switch {
		case err == nil:
		case ctx.Err() != nil:
			return
		case alive:
			q.o.Logger.WarnContext(ctx, "the worker of jobs cannot look after those of others, it will try again", "error", err)
		case time.Since(heard) >= q.o.Lease-q.o.Heartbeat:
			q.o.Logger.ErrorContext(ctx, "the database does not answer, so that others take over the jobs of this worker", "error", err)
			for _, t := range q.tasks() {
				t.end(ErrLeaseLost)
			}
		default:
			q.o.Logger.WarnContext(ctx, "the worker of jobs cannot tell that it lives, it will try again", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// beatOnce also says whether others have heard that this process lives. lost are the
// jobs of which nothing was known here at the beat before.
func (w *worker) beatOnce(ctx context.Context, lost *[]orphan) (alive bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, w.q.o.Heartbeat)
	defer cancel()
	if !w.q.db.Alone() {
		if err := w.q.sayAlive(ctx); err != nil {
			return false, err
		}
		err = w.q.rescue(ctx)
	}
	unknown, failed := w.q.checkLeases(ctx)
	err = errors.Join(err, failed)
	for _, o := range unknown {
		if slices.Contains(*lost, o) {
			err = errors.Join(err, w.q.adopt(ctx, o))
		}
	}
	*lost = unknown
	return true, err
}

// checkLeases ends the tasks that are not this process's any more, and those that
// were cancelled elsewhere without a word of it coming here. It returns the jobs that
// run here by the database, and of which nothing is known: they are about to begin, or
// the answer to their fetch was lost.
func (q *Queue) checkLeases(ctx context.Context) (unknown []orphan, err error) {
	tasks := q.tasks()
	ours := map[int64]orphan{}
	err = q.db.Reader().Query(ctx, func(r backend.Row) error {
		o := orphan{node: q.node, lost: true}
		if err := r.Scan(&o.id, &o.generation, &o.crashes, &o.cancelled); err != nil {
			return err
		}
		ours[o.id] = o
		return nil
	}, `SELECT id, generation, crashes, cancelled FROM jobs WHERE node = ?`, q.node)
	if err != nil {
		return nil, err
	}
	for _, t := range tasks {
		o, is := ours[t.ID]
		switch {
		case t.calledDone():
		case !is || o.generation != t.Generation:
			t.end(ErrLeaseLost)
		case o.cancelled:
			t.end(ErrCancelled)
		}
		delete(ours, t.ID)
	}
	return slices.Collect(maps.Values(ours)), nil
}
