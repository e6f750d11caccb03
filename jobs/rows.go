package jobs

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/riverqueue/river/rivertype"

	"github.com/streamgate/streamgate/jobs/internal/backend"
)

// states are River's names of them.
var states = map[rivertype.JobState]State{
	rivertype.JobStateScheduled: Scheduled,
	rivertype.JobStateAvailable: Waiting,
	rivertype.JobStatePending:   Waiting,
	rivertype.JobStateRunning:   Running,
	rivertype.JobStateRetryable: Retrying,
	rivertype.JobStateCompleted: Done,
	rivertype.JobStateDiscarded: Failed,
	rivertype.JobStateCancelled: Cancelled,
}

// riverStates are those that a State stands for.
func riverStates(s State) (list []rivertype.JobState) {
	for _, from := range rivertype.JobStates() {
		if states[from] == s {
			list = append(list, from)
		}
	}
	return list
}

// detail is what River has no column for.
type detail struct {
	owner, unique, node string
	generation          int64
	crashes             int
	cancelled           bool
	progress            []byte
}

const detailColumns = `owner, unique_key, node, generation, crashes, cancelled, progress`

func (d *detail) dest() []any {
	return []any{&d.owner, &d.unique, &d.node, &d.generation, &d.crashes, &d.cancelled, &d.progress}
}

// details adds to River's rows what is known beside them.
func details(ctx context.Context, c backend.Conn, rows []*rivertype.JobRow) ([]*Job, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	ids := make([]any, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	found := map[int64]*detail{}
	err := c.Query(ctx, func(row backend.Row) error {
		d, id := &detail{}, int64(0)
		if err := row.Scan(append([]any{&id}, d.dest()...)...); err != nil {
			return err
		}
		found[id] = d
		return nil
	}, `SELECT id, `+detailColumns+` FROM jobs WHERE id IN (?`+strings.Repeat(`, ?`, len(ids)-1)+`)`, ids...)
	if err != nil {
		return nil, err
	}
	list := make([]*Job, len(rows))
	for i, r := range rows {
		d := found[r.ID]
		if d == nil {
			d = &detail{} // inserted by River's own means
		}
		list[i] = job(r, d)
	}
	return list, nil
}

func job(r *rivertype.JobRow, d *detail) *Job {
	j := &Job{
		ID: r.ID, Kind: r.Kind, Args: slices.Clone(r.EncodedArgs), Owner: d.owner, State: states[r.State],
		Priority: r.Priority, Attempt: r.Attempt, MaxAttempts: r.MaxAttempts, RunAt: r.ScheduledAt.UTC(),
		Unique: d.unique, CreatedAt: r.CreatedAt.UTC(), Generation: d.generation,
	}
	if len(d.progress) > 0 {
		j.Progress = json.RawMessage(d.progress)
	}
	if r.AttemptedAt != nil {
		j.StartedAt = r.AttemptedAt.UTC()
	}
	if r.FinalizedAt != nil {
		j.EndedAt = r.FinalizedAt.UTC()
	}
	for _, e := range r.Errors {
		j.Errors = append(j.Errors, Failure{At: e.At.UTC(), Attempt: e.Attempt, Error: e.Error})
	}
	return j
}
