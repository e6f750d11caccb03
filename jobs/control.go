package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertype"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/jobs/internal/backend"
	"github.com/streamgate/streamgate/metadata"
)

// Cancel ends a job. One that does not run is Cancelled at once. Of one that does,
// wherever it is, the context ends, nothing is published for it any more (see
// Task.Fence), and it is Cancelled when its handler has returned, or Done if that
// had finished. What has ended stays as it is. It returns the job as it is now, or
// ErrNotFound.
func (q *Queue) Cancel(ctx context.Context, id int64) (*Job, error) {
	return q.cancel(ctx, id, nil)
}

func (q *Queue) cancel(ctx context.Context, id int64, then last) (*Job, error) {
	var j *Job
	var changed bool
	err := q.db.Update(ctx, func(c backend.Conn) (err error) {
		if j, changed, err = q.cancelIn(ctx, c, id); err != nil || !changed {
			return err
		}
		return then.do(j)
	})
	if err != nil {
		return nil, fmt.Errorf("jobs: cancelling job %d: %w", id, err)
	}
	if changed {
		q.cancelled(j)
	}
	return j, nil
}

// CancelTx is Cancel within a transaction of the same database. A context here ends
// at once, elsewhere with the commit; where the transaction is undone, a job that was
// cut off so runs again, and no attempt is counted. Of a job that does not run
// Options.Publish is not told: whether it is cancelled is decided by the commit, which
// is the caller's.
func (q *Queue) CancelTx(ctx context.Context, tx metadata.Tx, id int64) (*Job, error) {
	c, err := q.db.Within(tx)
	if err != nil {
		return nil, err
	}
	j, changed, err := q.cancelIn(ctx, c, id)
	if err != nil {
		return nil, fmt.Errorf("jobs: cancelling job %d: %w", id, err)
	}
	if changed {
		q.cutOff(j)
	}
	return j, nil
}

// cancelIn says whether that changed something.
func (q *Queue) cancelIn(ctx context.Context, c backend.Conn, id int64) (j *Job, changed bool, err error) {
	if j, err = get(ctx, c, id); err != nil || j.State.Ended() {
		return j, false, err
	}
	p := &riverdriver.JobCancelParams{ID: id, CancelAttemptedAt: now()}
	if q.db.Notifies() {
		p.ControlTopic = controlTopic
	}
	row, err := c.River().JobCancel(ctx, p)
	if err != nil {
		return nil, false, err
	}
	if row.State == rivertype.JobStateRunning {
		if _, err := c.Exec(ctx, `UPDATE jobs SET cancelled = TRUE WHERE id = ?`, id); err != nil {
			return nil, false, err
		}
	}
	list, err := details(ctx, c, []*rivertype.JobRow{row})
	if err != nil {
		return nil, false, err
	}
	j = list[0]
	return j, j.State == Running || j.State == Cancelled, q.follow(ctx, c, j)
}

// cancelled tells of a job that is cancelled, or ends the context of one that runs here.
func (q *Queue) cancelled(j *Job) {
	if j.State != Running {
		q.publish(j)
		return
	}
	q.cutOff(j)
}

// cutOff ends the context of a job that runs here.
func (q *Queue) cutOff(j *Job) {
	q.mu.Lock()
	t := q.running[j.ID]
	q.mu.Unlock()
	if t != nil && t.Generation == j.Generation {
		t.end(ErrCancelled)
	}
}

// Retry has a job run now that has failed, was cancelled, is done, or waits for its
// next attempt or its time; where its attempts are used up it gets one more. It
// returns the job as it is now, ErrNotFound, or ErrConflict for one that runs, and
// for one in whose place another of the same Unique key is.
func (q *Queue) Retry(ctx context.Context, id int64) (*Job, error) {
	return q.again(ctx, id, nil)
}

func (q *Queue) again(ctx context.Context, id int64, then last) (*Job, error) {
	var j *Job
	var lane string
	err := q.db.Update(ctx, func(c backend.Conn) (err error) {
		before, err := c.River().JobGetByID(ctx, &riverdriver.JobGetByIDParams{ID: id})
		if errors.Is(err, rivertype.ErrNotFound) {
			return problem.Errorf(ErrNotFound, "there is no job %d", id)
		}
		if err != nil {
			return err
		}
		if before.State == rivertype.JobStateRunning {
			return problem.Errorf(ErrConflict, "job %d is running", id)
		}
		lane = before.Queue
		if j, err = q.retry(ctx, c, before); err != nil {
			return err
		}
		return then.do(j)
	})
	if err != nil {
		return nil, fmt.Errorf("jobs: retrying job %d: %w", id, err)
	}
	q.wake(j, lane)
	q.publish(j)
	return j, nil
}

func (q *Queue) retry(ctx context.Context, c backend.Conn, before *rivertype.JobRow) (*Job, error) {
	if err := keyIsFree(ctx, c, before); err != nil {
		return nil, err
	}
	if _, err := c.River().JobRetry(ctx, &riverdriver.JobRetryParams{ID: before.ID}); err != nil {
		return nil, err
	}
	// River would cancel it again: it reads there that somebody wanted that.
	_, err := c.River().JobUpdateFull(ctx, &riverdriver.JobUpdateFullParams{ID: before.ID, MetadataDoUpdate: true, Metadata: []byte(`{}`)})
	if err != nil {
		return nil, err
	}
	_, err = c.Exec(ctx, `UPDATE jobs SET cancelled = FALSE, crashes = 0, node = '' WHERE id = ?`, before.ID)
	if err == nil && q.db.Notifies() {
		err = announce(ctx, c, before.Queue)
	}
	if err != nil {
		return nil, err
	}
	return get(ctx, c, before.ID)
}

// keyIsFree keeps a job that had ended from coming back beside another of its key.
func keyIsFree(ctx context.Context, c backend.Conn, row *rivertype.JobRow) error {
	if len(row.UniqueKey) == 0 || !states[row.State].Ended() {
		return nil
	}
	other := int64(0)
	err := c.Query(ctx, func(r backend.Row) error { return r.Scan(&other) },
		`SELECT id FROM river_job WHERE unique_key = ? AND id <> ?
		AND state IN ('available', 'pending', 'retryable', 'running', 'scheduled') LIMIT 1`, row.UniqueKey, row.ID)
	if err == nil && other != 0 {
		return problem.Errorf(ErrConflict, "job %d has the same unique key as job %d, which has not ended", row.ID, other)
	}
	return err
}

// Pause has no further job of a kind begun, nor of those that share its lane, on
// any machine and over restarts, until Resume. Those that run go on.
func (q *Queue) Pause(ctx context.Context, kind string) error {
	return q.setPaused(ctx, kind, true)
}

// Resume ends a Pause.
func (q *Queue) Resume(ctx context.Context, kind string) error {
	return q.setPaused(ctx, kind, false)
}

func (q *Queue) setPaused(ctx context.Context, name string, paused bool) error {
	k, err := q.kind(name)
	if err != nil {
		return err
	}
	err = q.db.Update(ctx, func(c backend.Conn) error { // no worker may have made it yet
		_, err := c.River().QueueCreateOrSetUpdatedAt(ctx, &riverdriver.QueueCreateOrSetUpdatedAtParams{Metadata: []byte(`{}`), Name: k.o.Lane})
		return err
	})
	if err == nil {
		err = q.tellPaused(ctx, k.o.Lane, paused)
	}
	if err != nil {
		return fmt.Errorf("jobs: pausing or resuming %s: %w", name, err)
	}
	return nil
}

// tellPaused writes it down and has the workers of the lane hear of it: by River's
// client where one runs here, which alone reaches them where there is one process.
func (q *Queue) tellPaused(ctx context.Context, lane string, paused bool) error {
	q.mu.Lock()
	w := q.worker
	q.mu.Unlock()
	switch {
	case w != nil && w.client != nil && paused:
		return w.client.QueuePause(ctx, lane, nil)
	case w != nil && w.client != nil:
		return w.client.QueueResume(ctx, lane, nil)
	}
	return q.db.Update(ctx, func(c backend.Conn) error { return pause(ctx, q.db, c, lane, paused) })
}

// isPaused asks the database, since workers hear of a pause some time after it.
func isPaused(ctx context.Context, c backend.Conn, lane string) (paused bool, err error) {
	err = c.Query(ctx, func(r backend.Row) error { return r.Scan(&paused) },
		`SELECT paused_at IS NOT NULL FROM river_queue WHERE name = ?`, lane)
	return paused, err
}

// pause is what River's client does, where there is none.
func pause(ctx context.Context, db Database, c backend.Conn, lane string, paused bool) (err error) {
	action := "resume"
	if paused {
		action = "pause"
		err = c.River().QueuePause(ctx, &riverdriver.QueuePauseParams{Name: lane})
	} else {
		err = c.River().QueueResume(ctx, &riverdriver.QueueResumeParams{Name: lane})
	}
	if err != nil || !db.Notifies() {
		return err
	}
	text, err := json.Marshal(map[string]string{"action": action, "queue": lane})
	if err != nil {
		return err
	}
	return c.River().NotifyMany(ctx, &riverdriver.NotifyManyParams{Topic: controlTopic, Payload: []string{string(text)}})
}
