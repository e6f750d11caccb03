package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertype"

	"github.com/streamgate/streamgate/jobs/internal/backend"
)

// ErrCrashed is what a job failed of that took its workers with it.
var ErrCrashed = errors.New("jobs: the worker that ran it went away")

// An orphan is a job that runs by the database, on a worker that is gone.
type orphan struct {
	id, generation int64
	node           string
	crashes        int
	cancelled      bool
	lost           bool // the worker is there, and knows nothing of it
}

// rescue has the jobs run again that ran on workers which are gone. One that cannot be
// taken over does not keep it from the others; the errors are joined.
func (q *Queue) rescue(ctx context.Context) error {
	list, err := q.orphans(ctx)
	if err != nil {
		return fmt.Errorf("looking for jobs of workers that are gone: %w", err)
	}
	var errs []error
	for _, o := range list {
		if err := q.adopt(ctx, o); err != nil {
			errs = append(errs, fmt.Errorf("taking over job %d: %w", o.id, err))
		}
		if ctx.Err() != nil { // the others are for the next time
			return errors.Join(errs...)
		}
	}
	if len(list) > 0 && !q.db.Alone() {
		errs = append(errs, q.forgetNodes(ctx))
	}
	return errors.Join(errs...)
}

// forgetNodes removes workers of which nothing is left.
func (q *Queue) forgetNodes(ctx context.Context) error {
	return q.db.Update(ctx, func(c backend.Conn) error {
		_, err := c.Exec(ctx, `DELETE FROM job_nodes WHERE beat < `+c.Now()+` - ?`, (24 * time.Hour).Microseconds())
		return err
	})
}

func (q *Queue) orphans(ctx context.Context) (list []orphan, err error) {
	c := q.db.Reader()
	where, args := `node <> '' AND node <> ?`, []any{q.node}
	if !q.db.Alone() {
		where += ` AND node NOT IN (SELECT id FROM job_nodes WHERE beat >= ` + c.Now() + ` - ?)`
		args = append(args, q.o.Lease.Microseconds())
	}
	err = c.Query(ctx, func(r backend.Row) error {
		var o orphan
		if err := r.Scan(&o.id, &o.generation, &o.node, &o.crashes, &o.cancelled); err != nil {
			return err
		}
		list = append(list, o)
		return nil
	}, `SELECT id, generation, node, crashes, cancelled FROM jobs WHERE `+where+` ORDER BY id`, args...)
	return list, err
}

// adopt gives a job back to the lane, or fails it where it has been through that
// too often. Somebody else may have done so meanwhile.
func (q *Queue) adopt(ctx context.Context, o orphan) error {
	var row *rivertype.JobRow
	var j *Job
	end := &outcome{state: Waiting, free: true}
	err := q.db.Update(ctx, func(c backend.Conn) (err error) {
		row, err = c.River().JobGetByID(ctx, &riverdriver.JobGetByIDParams{ID: o.id})
		if errors.Is(err, rivertype.ErrNotFound) {
			return errNotOurs
		}
		if err != nil {
			return err
		}
		switch {
		case o.cancelled:
			end = &outcome{state: Cancelled, err: ErrCancelled}
		case !o.lost && o.crashes+1 >= q.crashes(row.Kind):
			end = &outcome{state: Failed, err: fmt.Errorf("%w, for the %d. time", ErrCrashed, o.crashes+1)}
		}
		if err := q.takeOver(ctx, c, o, row, end); err != nil {
			return err
		}
		if j, err = get(ctx, c, o.id); err != nil {
			return err
		}
		return q.follow(ctx, c, j)
	})
	if errors.Is(err, errNotOurs) {
		return nil
	}
	if err != nil {
		return err
	}
	q.o.Logger.WarnContext(ctx, "a job ran on a worker that is gone", "job", o.id, "kind", row.Kind, "worker", o.node, "state", j.State)
	if j.State == Waiting {
		q.wake(j, row.Queue)
	}
	q.publish(j)
	q.o.Ended(j, max(time.Since(j.StartedAt), 0))
	return nil
}

func (q *Queue) takeOver(ctx context.Context, c backend.Conn, o orphan, row *rivertype.JobRow, end *outcome) error {
	begun := time.Now()
	if row.AttemptedAt != nil {
		begun = *row.AttemptedAt
	}
	p, err := end.params(job(row, &detail{}), begun)
	if err != nil {
		return err
	}
	if _, err := c.River().JobSetStateIfRunningMany(ctx, p); err != nil {
		return err
	}
	crashes := o.crashes + 1
	if o.lost {
		crashes--
	}
	n, err := c.Exec(ctx, `UPDATE jobs SET node = '', crashes = ? WHERE id = ? AND generation = ? AND node = ?`, crashes, o.id, o.generation, o.node)
	if err != nil {
		return err
	}
	if n == 0 {
		return errNotOurs
	}
	if !q.db.Notifies() || end.state != Waiting {
		return nil
	}
	return announce(ctx, c, row.Queue)
}

// crashes is how often a job of a kind may take its worker with it.
func (q *Queue) crashes(kind string) int {
	if k := q.kinds[kind]; k != nil { // which nobody changes any more
		return k.o.Crashes
	}
	return defaultCrashes
}
