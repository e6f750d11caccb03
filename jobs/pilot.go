package jobs

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivershared/baseservice"
	"github.com/riverqueue/river/rivershared/riverpilot"
	"github.com/riverqueue/river/rivertype"

	"github.com/streamgate/streamgate/jobs/internal/backend"
)

// fetchTimeout is how long a fetch may wait for the database.
const fetchTimeout = 30 * time.Second

// pilot stands between River's client and the database. A job is fetched and its
// lease taken in one transaction, which is also the way to share one with those
// who upload; and what became of a job is written by finish, fenced, and not by
// River, which would do so a quarter of a second later and without a fence.
type pilot struct {
	riverpilot.StandardPilot

	q *Queue

	mu     sync.Mutex
	notify func(ctx context.Context, res []*rivertype.JobInsertResult)
	broken map[int64]bool // jobs whose rows cannot be decoded, of which River disposes
}

// PilotInit implements riverpilot.Pilot.
func (p *pilot) PilotInit(_ *baseservice.Archetype, params *riverpilot.PilotInitParams) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.notify = params.NotifyNonTxJobInsert
}

// wake has a lane fetched from at once, where River does not listen: where it does, it
// passes over this, and hears of jobs by announce alone.
func (p *pilot) wake(lane string) {
	p.mu.Lock()
	notify := p.notify
	p.mu.Unlock()
	if notify != nil {
		notify(context.Background(), []*rivertype.JobInsertResult{{Job: &rivertype.JobRow{Queue: lane}}})
	}
}

// claim is how a fetched row tells work of its lease, and of what River does not
// know: as its metadata.
type claim struct {
	Generation int64           `json:"generation"`
	Owner      string          `json:"owner"`
	Unique     string          `json:"unique"`
	Progress   json.RawMessage `json:"progress,omitempty"`
}

// JobGetAvailable implements riverpilot.Pilot.
func (p *pilot) JobGetAvailable(ctx context.Context, _ riverdriver.Executor, _ riverpilot.ProducerState, params *riverdriver.JobGetAvailableParams) (res *riverdriver.JobGetAvailableResult, err error) {
	if params.MaxToLock <= 0 {
		return &riverdriver.JobGetAvailableResult{}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	err = p.q.db.Update(ctx, func(c backend.Conn) (err error) {
		res = &riverdriver.JobGetAvailableResult{}
		if paused, err := isPaused(ctx, c, params.Queue); err != nil || paused {
			return err
		}
		if res, err = c.River().JobGetAvailable(ctx, params); err != nil {
			return err
		}
		for _, row := range res.Jobs {
			if err := p.q.lease(ctx, c, row); err != nil {
				return err
			}
		}
		// There may be more, and River does not see that slots become free while it
		// fetches: they would wait for the next poll.
		if p.q.db.Notifies() && len(res.Jobs) == params.MaxToLock {
			return announce(ctx, c, params.Queue)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(res.Jobs) == params.MaxToLock {
		p.wake(params.Queue)
	}
	for id := range res.DecodeErrors {
		p.leaveToRiver(id)
	}
	return res, nil
}

// leaveToRiver has River write down what becomes of a job that has no task.
func (p *pilot) leaveToRiver(id int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.broken[id] = true
}

// lease writes down who runs a job now, and lets the row say so.
func (q *Queue) lease(ctx context.Context, c backend.Conn, row *rivertype.JobRow) error {
	var of claim
	var progress []byte
	err := c.Query(ctx, func(r backend.Row) error { return r.Scan(&of.Generation, &of.Owner, &of.Unique, &progress) },
		`INSERT INTO jobs (id, node, generation) VALUES (?, ?, 1)
		ON CONFLICT (id) DO UPDATE SET node = excluded.node, generation = jobs.generation + 1
		RETURNING generation, owner, unique_key, progress`, row.ID, q.node)
	if err != nil {
		return err
	}
	of.Progress = progress
	row.Metadata, err = json.Marshal(of)
	return err
}

// JobSetStateIfRunningMany implements riverpilot.Pilot. It takes what finish has
// not written down already.
func (p *pilot) JobSetStateIfRunningMany(ctx context.Context, exec riverdriver.Executor, params *riverdriver.JobSetStateIfRunningManyParams) ([]*rivertype.JobRow, error) {
	rest := &riverdriver.JobSetStateIfRunningManyParams{Now: params.Now, Schema: params.Schema}
	p.mu.Lock()
	for i, id := range params.ID {
		if !p.broken[id] {
			continue
		}
		rest.ID = append(rest.ID, id)
		rest.Attempt = append(rest.Attempt, params.Attempt[i])
		rest.ErrData = append(rest.ErrData, params.ErrData[i])
		rest.FinalizedAt = append(rest.FinalizedAt, params.FinalizedAt[i])
		rest.MetadataDoMerge = append(rest.MetadataDoMerge, params.MetadataDoMerge[i])
		rest.MetadataUpdates = append(rest.MetadataUpdates, params.MetadataUpdates[i])
		rest.ScheduledAt = append(rest.ScheduledAt, params.ScheduledAt[i])
		rest.State = append(rest.State, params.State[i])
	}
	p.mu.Unlock()
	if len(rest.ID) == 0 {
		return nil, nil
	}
	rows, err := exec.JobSetStateIfRunningMany(ctx, rest)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, id := range rest.ID {
		delete(p.broken, id)
	}
	return rows, nil
}
