package jobs

import (
	"context"
	"strings"
	"time"

	"github.com/riverqueue/river/riverdriver"

	"github.com/streamgate/streamgate/jobs/internal/backend"
)

const (
	// sweepEvery is how often jobs are looked for that ended long ago.
	sweepEvery = 10 * time.Minute
	// sweepAtOnce is how many go in one transaction, for which others wait.
	sweepAtOnce = 500
)

// sweep removes jobs that ended long ago.
func (w *worker) sweep(ctx context.Context) {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for {
		if err := w.q.removeEnded(ctx, time.Now().Add(-w.q.o.Retention)); err != nil && ctx.Err() == nil {
			w.q.o.Logger.ErrorContext(ctx, "jobs that ended long ago could not be removed, it will be tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// endedBefore is what is removed.
const endedBefore = "state IN ('completed', 'discarded', 'cancelled') AND finalized_at < @before"

// removeEnded removes those that ended before a time.
func (q *Queue) removeEnded(ctx context.Context, before time.Time) error {
	named := map[string]any{"before": before.UTC()}
	for {
		rows, err := q.db.Reader().River().JobList(ctx, &riverdriver.JobListParams{
			Max: 1, NamedArgs: named, OrderByClause: "id", WhereClause: endedBefore,
		})
		if err != nil || len(rows) == 0 {
			return err
		}
		err = q.db.Update(ctx, func(c backend.Conn) error {
			rows, err := c.River().JobDeleteMany(ctx, &riverdriver.JobDeleteManyParams{
				Max: sweepAtOnce, NamedArgs: named, OrderByClause: "id", WhereClause: endedBefore,
			})
			if err != nil || len(rows) == 0 {
				return err
			}
			ids := make([]any, len(rows))
			for i, r := range rows {
				ids[i] = r.ID
			}
			// By their ids: to look for what has no job any more would be to read all.
			_, err = c.Exec(ctx, `DELETE FROM jobs WHERE id IN (?`+strings.Repeat(`, ?`, len(ids)-1)+`)`, ids...)
			return err
		})
		if err != nil {
			return err
		}
	}
}
