package jobs

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertype"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/jobs/internal/backend"
)

// Query says which jobs to list. Zero fields do not filter.
type Query struct {
	Kinds  []string // of one of them
	States []State  // in one of them
	Owner  string   // of this principal
	Cursor string   // from the page before; opaque
	Limit  int      // 1 to 100; default 20
}

// Page is one page of jobs, the newest first.
type Page struct {
	Jobs []*Job
	Next string // cursor of the page after; "" at the end
}

const (
	defaultLimit = 20
	maxLimit     = 100
	maxFilters   = 50
)

// Get returns a job, or ErrNotFound.
func (q *Queue) Get(ctx context.Context, id int64) (*Job, error) {
	j, err := get(ctx, q.db.Reader(), id)
	if err != nil {
		return nil, fmt.Errorf("jobs: reading job %d: %w", id, err)
	}
	return j, nil
}

func get(ctx context.Context, c backend.Conn, id int64) (*Job, error) {
	row, err := c.River().JobGetByID(ctx, &riverdriver.JobGetByIDParams{ID: id})
	if errors.Is(err, rivertype.ErrNotFound) {
		return nil, problem.Errorf(ErrNotFound, "there is no job %d", id)
	}
	if err != nil {
		return nil, err
	}
	list, err := details(ctx, c, []*rivertype.JobRow{row})
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// List returns one page of jobs. ErrInvalid for a State that does not exist, a
// Limit out of range, a Cursor that is damaged, and more than 50 Kinds.
func (q *Queue) List(ctx context.Context, query Query) (Page, error) {
	p, limit, err := query.params()
	if err != nil {
		return Page{}, err
	}
	c := q.db.Reader()
	rows, err := c.River().JobList(ctx, p)
	if err != nil {
		return Page{}, fmt.Errorf("jobs: listing: %w", err)
	}
	var page Page
	if len(rows) > limit {
		rows = rows[:limit]
		page.Next = strconv.FormatInt(rows[limit-1].ID, 10)
	}
	if page.Jobs, err = details(ctx, c, rows); err != nil {
		return Page{}, fmt.Errorf("jobs: listing: %w", err)
	}
	return page, nil
}

// params asks for one job more than wanted, to know whether there is another page.
func (query Query) params() (*riverdriver.JobListParams, int, error) {
	limit := query.Limit
	if limit == 0 {
		limit = defaultLimit
	}
	if limit < 1 || limit > maxLimit {
		return nil, 0, problem.Errorf(ErrInvalid, "limit is %d; it goes from 1 to %d", limit, maxLimit)
	}
	if len(query.Kinds) > maxFilters {
		return nil, 0, problem.Errorf(ErrInvalid, "%d kinds at once; %d are possible", len(query.Kinds), maxFilters)
	}
	f := &filter{args: map[string]any{}}
	f.in("kind", query.Kinds)
	var names []string
	for _, s := range query.States {
		list := riverStates(s)
		if len(list) == 0 {
			return nil, 0, problem.Errorf(ErrInvalid, "there is no state %.40q", s)
		}
		for _, r := range list {
			if !slices.Contains(names, string(r)) {
				names = append(names, string(r))
			}
		}
	}
	f.in("state", names)
	if query.Owner != "" {
		f.add("id IN (SELECT id FROM jobs WHERE owner = @owner)", "owner", query.Owner)
	}
	if query.Cursor != "" {
		id, err := strconv.ParseInt(query.Cursor, 10, 64)
		if err != nil || id < 1 {
			return nil, 0, problem.Errorf(ErrInvalid, "the cursor %.40q is none of ours", query.Cursor)
		}
		f.add("id < @cursor", "cursor", id)
	}
	return &riverdriver.JobListParams{Max: int32(limit) + 1, NamedArgs: f.args, OrderByClause: "id DESC", WhereClause: f.where()}, limit, nil
}

// filter gathers conditions with arguments that have names.
type filter struct {
	parts []string
	args  map[string]any
}

func (f *filter) add(condition, name string, value any) {
	f.parts = append(f.parts, condition)
	f.args[name] = value
}

func (f *filter) in(column string, values []string) {
	if len(values) == 0 {
		return
	}
	names := make([]string, len(values))
	for i, v := range values {
		name := column + "_" + strconv.Itoa(i) + "_" // so that none is the beginning of another
		names[i] = "@" + name
		f.args[name] = v
	}
	f.parts = append(f.parts, column+" IN ("+strings.Join(names, ", ")+")")
}

func (f *filter) where() string {
	if len(f.parts) == 0 {
		return "true"
	}
	return strings.Join(f.parts, " AND ")
}

// Kinds returns the kinds that Handle was called for, in order.
func (q *Queue) Kinds() []string {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Sorted(maps.Keys(q.kinds))
}

// Sizes counts the jobs that have not ended, by kind and state.
func (q *Queue) Sizes(ctx context.Context) (map[string]map[State]int, error) {
	sizes := map[string]map[State]int{}
	err := q.db.Reader().Query(ctx, func(r backend.Row) error {
		var kind string
		var state rivertype.JobState
		var n int
		if err := r.Scan(&kind, &state, &n); err != nil {
			return err
		}
		if sizes[kind] == nil {
			sizes[kind] = map[State]int{}
		}
		sizes[kind][states[state]] += n
		return nil
	}, `SELECT kind, state, count(*) FROM river_job
		WHERE state IN ('available', 'pending', 'retryable', 'running', 'scheduled') GROUP BY kind, state`)
	if err != nil {
		return nil, fmt.Errorf("jobs: counting: %w", err)
	}
	return sizes, nil
}
