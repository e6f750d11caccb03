package jobs

import (
	"context"
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

// removeEnded removes those that ended before a time.
func (q *Queue) removeEnded(ctx context.Context, before time.Time) error {
	for {
		rows, err := q.db.Reader().River().JobList(ctx, &riverdriver.JobListParams{
			Max: 1, NamedArgs: map[string]any{"before": before.UTC()}, OrderByClause: "id",
			WhereClause: "state IN ('completed', 'discarded', 'cancelled') AND finalized_at < @before",
		})
		if err != nil || len(rows) == 0 {
			return err
		}
		n := 0
		err = q.db.Update(ctx, func(c backend.Conn) (err error) {
			n, err = c.River().JobDeleteBefore(ctx, &riverdriver.JobDeleteBeforeParams{
				CancelledDoDelete: true, CompletedDoDelete: true, DiscardedDoDelete: true,
				CancelledFinalizedAtHorizon: before, CompletedFinalizedAtHorizon: before, DiscardedFinalizedAtHorizon: before,
				Max: sweepAtOnce,
			})
			if err == nil {
				_, err = c.Exec(ctx, `DELETE FROM jobs WHERE NOT EXISTS (SELECT 1 FROM river_job WHERE river_job.id = jobs.id)`)
			}
			return err
		})
		if err != nil || n == 0 {
			return err
		}
	}
}
