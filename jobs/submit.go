package jobs

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivershared/uniquestates"
	"github.com/riverqueue/river/rivertype"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/jobs/internal/backend"
	"github.com/streamgate/streamgate/metadata"
)

const (
	maxArgs   = 64 << 10
	maxUnique = 512
	maxOwner  = 512
	// maxAttempts is what the databases can count in their smallest type.
	maxAttempts = 1000
)

// open are the states in which a Unique job keeps others of its key out.
var open = uniquestates.UniqueStatesToBitmask([]rivertype.JobState{
	rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable,
	rivertype.JobStateRunning, rivertype.JobStateScheduled,
})

// ever are all states, for what happens once alone.
var ever = uniquestates.UniqueStatesToBitmask(rivertype.JobStates())

// Submit has a job done, and returns it as it was written down. The errors match
// ErrInvalid, metadata.ErrFull and metadata.ErrUnavailable.
func (q *Queue) Submit(ctx context.Context, j Job) (*Job, error) {
	return q.submit(ctx, j, open, nil)
}

// SubmitTx is Submit within a transaction: the job is there if that is committed.
// tx is of the database that the Queue works on.
func (q *Queue) SubmitTx(ctx context.Context, tx metadata.Tx, j Job) (*Job, error) {
	c, err := q.db.Within(tx)
	if err != nil {
		return nil, err
	}
	p, err := q.insertion(&j, open)
	if err != nil {
		return nil, err
	}
	out, err := insert(ctx, q.db, c, p, &j)
	if err != nil {
		return nil, fmt.Errorf("jobs: submitting: %w", err)
	}
	// Already here: a fetch waits for this transaction, where there is one writer,
	// and elsewhere the database tells of it at its commit.
	q.wake(out, p.Queue)
	return out, nil
}

// last is what is done last before a commit, and can keep it from happening.
type last func(j *Job) error

func (f last) do(j *Job) error {
	if f == nil {
		return nil
	}
	return f(j)
}

func (q *Queue) submit(ctx context.Context, j Job, unique byte, then last) (out *Job, err error) {
	p, err := q.insertion(&j, unique)
	if err != nil {
		return nil, err
	}
	err = q.db.Update(ctx, func(c backend.Conn) (err error) {
		if out, err = insert(ctx, q.db, c, p, &j); err != nil {
			return err
		}
		return then.do(out)
	})
	if err != nil {
		return nil, fmt.Errorf("jobs: submitting: %w", err)
	}
	q.wake(out, p.Queue)
	return out, nil
}

// insertion checks j and makes River's form of it.
func (q *Queue) insertion(j *Job, unique byte) (*riverdriver.JobInsertFastParams, error) {
	k, err := q.kind(j.Kind)
	if err != nil {
		return nil, err
	}
	if err := check(j); err != nil {
		return nil, err
	}
	if j.Priority == 0 {
		j.Priority = Normal
	}
	if j.MaxAttempts == 0 {
		j.MaxAttempts = k.o.Attempts
	}
	if len(bytes.TrimSpace(j.Args)) == 0 {
		j.Args = json.RawMessage(`{}`)
	}
	p := &riverdriver.JobInsertFastParams{
		Args: args{kind: j.Kind}, EncodedArgs: j.Args, Kind: j.Kind, MaxAttempts: j.MaxAttempts,
		Metadata: []byte(`{}`), Priority: j.Priority, Queue: k.o.Lane, State: rivertype.JobStateAvailable, Tags: []string{},
	}
	if j.RunAt.After(time.Now()) {
		at := j.RunAt.UTC()
		p.ScheduledAt, p.State = &at, rivertype.JobStateScheduled
	}
	if j.Unique != "" {
		key := sha256.Sum256([]byte(j.Kind + "\x00" + j.Unique))
		p.UniqueKey, p.UniqueStates = key[:], unique
	}
	return p, nil
}

func check(j *Job) error {
	switch {
	case j.Priority < 0 || j.Priority > Backlog:
		return problem.Errorf(ErrInvalid, "the priority is %d; it goes from %d, the most urgent, to %d", j.Priority, Urgent, Backlog)
	case j.MaxAttempts < 0 || j.MaxAttempts > maxAttempts:
		return problem.Errorf(ErrInvalid, "max_attempts is %d; it goes from 1 to %d", j.MaxAttempts, maxAttempts)
	case len(j.Args) > maxArgs:
		return problem.Errorf(ErrInvalid, "the arguments have %d bytes; %d are possible", len(j.Args), maxArgs)
	case !isText(j.Owner, maxOwner):
		return problem.Errorf(ErrInvalid, "the owner is no text of up to %d bytes", maxOwner)
	case !isText(j.Unique, maxUnique):
		return problem.Errorf(ErrInvalid, "the unique key is no text of up to %d bytes", maxUnique)
	case j.RunAt.Year() > 9999 || j.RunAt.Year() < 0:
		return problem.Errorf(ErrInvalid, "run_at is in no year that can be kept")
	}
	return checkArgs(j.Args)
}

func isText(s string, limit int) bool {
	return len(s) <= limit && utf8.ValidString(s) && !bytes.ContainsRune([]byte(s), 0)
}

// insert writes a job down, or finds the one that is there with its key.
func insert(ctx context.Context, db Database, c backend.Conn, p *riverdriver.JobInsertFastParams, j *Job) (*Job, error) {
	rows, err := c.River().JobInsertFastMany(ctx, &riverdriver.JobInsertFastManyParams{Jobs: []*riverdriver.JobInsertFastParams{p}})
	if err != nil {
		return nil, err
	}
	row := rows[0].Job
	if rows[0].UniqueSkippedAsDuplicate {
		list, err := details(ctx, c, []*rivertype.JobRow{row})
		if err != nil {
			return nil, err
		}
		list[0].Duplicate = true
		return list[0], nil
	}
	if _, err := c.Exec(ctx, `INSERT INTO jobs (id, owner, unique_key) VALUES (?, ?, ?)`, row.ID, j.Owner, j.Unique); err != nil {
		return nil, err
	}
	if db.Notifies() && p.State == rivertype.JobStateAvailable {
		if err := announce(ctx, c, p.Queue); err != nil {
			return nil, err
		}
	}
	return job(row, &detail{owner: j.Owner, unique: j.Unique}), nil
}

// args stands for the arguments of any kind, which River leaves as they are.
type args struct{ kind string }

// Kind implements rivertype.JobArgs.
func (a args) Kind() string { return a.kind }

// UnmarshalJSON implements json.Unmarshaler: handlers decode by themselves.
func (*args) UnmarshalJSON([]byte) error { return nil }
