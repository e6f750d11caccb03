package transcode_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/jobs"
	jobsqlite "github.com/streamgate/streamgate/jobs/sqlite"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/sqlite"
)

// jobs is what the queue takes, over SQLite: a task that does nothing from its
// submission until it is written down as done, and a submission beside 10,000 tasks
// that wait.
func (f *figures) jobs() {
	db, err := sqlite.Open(filepath.Join(f.t.TempDir(), "db"))
	if err != nil {
		f.t.Fatal(err)
	}
	defer db.Close()
	done := make(chan int64, 10)
	q, err := jobs.New(jobsqlite.Database(db), &jobs.Options{Publish: func(e events.Event) {
		if e.Data["state"] == string(jobs.Done) {
			done <- e.Data["job"].(int64)
		}
	}})
	for _, kind := range []string{"nothing", "held"} {
		if err == nil {
			err = q.Handle(kind, func(context.Context, *jobs.Task) error { return nil }, nil)
		}
	}
	if err == nil {
		err = q.Pause(f.t.Context(), "held")
	}
	if err == nil {
		err = q.Start(f.t.Context())
	}
	if err != nil {
		f.t.Fatal(err)
	}
	defer func() {
		if err := q.Stop(context.Background()); err != nil {
			f.t.Error(err)
		}
	}()
	n := of(f, 500, 50)
	took := f.each(n, func() {
		j := f.submit(q, "nothing")
		if id := <-done; id != j {
			f.t.Fatalf("job %d is done, not %d", id, j)
		}
	})
	f.alone("a task that does nothing, from submit to done, SQLite: p50", "ms", took[n/2], "≤", 100)
	f.alone("the same: p99", "ms", took[n*99/100], "≤", 100)
	empty := f.submits(q, n)
	waiting := of(f, 10_000, 1000)
	f.fill(q, db.Metadata(), waiting)
	full := f.submits(q, n)
	f.ratio(fmt.Sprintf("a submission behind %d tasks, beside an empty queue: p50", waiting), "ms", full[n/2], empty[n/2], full[n/2]/empty[n/2], 1.2)
	f.note("its p99 is %.1f ms, and %.1f ms of an empty queue", full[n*99/100], empty[n*99/100])
}

func (f *figures) submit(q *jobs.Queue, kind string) int64 {
	f.t.Helper()
	j, err := q.Submit(f.t.Context(), jobs.Job{Kind: kind})
	if err != nil {
		f.t.Fatal(err)
	}
	return j.ID
}

// submits are how long submissions take alone, in milliseconds, in order.
func (f *figures) submits(q *jobs.Queue, n int) []float64 {
	return f.each(n, func() { f.submit(q, "held") })
}

// each is how long something takes each time, in milliseconds, in order.
func (f *figures) each(n int, do func()) (took []float64) {
	for range n {
		began := time.Now()
		do()
		took = append(took, time.Since(began).Seconds()*1e3)
	}
	slices.Sort(took)
	return took
}

// fill has tasks wait: half of them for a kind that is paused, half for tomorrow.
func (f *figures) fill(q *jobs.Queue, meta metadata.Store, n int) {
	for range n / 500 {
		err := meta.Update(f.t.Context(), func(tx metadata.Tx) error {
			for i := range 500 {
				j := jobs.Job{Kind: "held", Priority: jobs.Backlog}
				if i%2 == 0 {
					j = jobs.Job{Kind: "nothing", Priority: jobs.Backlog, RunAt: time.Now().Add(24 * time.Hour)}
				}
				if _, err := q.SubmitTx(f.t.Context(), tx, j); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			f.t.Fatal(err)
		}
	}
}
