package sqlite_test

import (
	"strings"
	"testing"

	"github.com/streamgate/streamgate/jobs"
	"github.com/streamgate/streamgate/jobs/internal/backend"
	jobsqlite "github.com/streamgate/streamgate/jobs/sqlite"
)

// What is asked every few seconds must not grow with the jobs that wait.
func TestTheNextJobIsFoundByAnIndex(t *testing.T) {
	db := open(t)
	if _, err := jobs.New(jobsqlite.Database(db), nil); err != nil {
		t.Fatal(err)
	}
	_, readers := db.Pools()
	var id, parent, unused int
	var plan string
	err := readers.QueryRowContext(t.Context(), `EXPLAIN QUERY PLAN SELECT * FROM river_job WHERE `+backend.DueStates+
		` AND scheduled_at <= '2026-01-01 00:00:00.000' ORDER BY scheduled_at LIMIT 1`).Scan(&id, &parent, &unused, &plan)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(plan, "USING INDEX jobs_due") {
		t.Errorf("the plan is %q", plan)
	}
}
