package sqlite_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/jobs"
	jobsqlite "github.com/streamgate/streamgate/jobs/sqlite"
	"github.com/streamgate/streamgate/metadata"
)

// backlog is how many jobs wait for later in what is measured beside an empty queue.
const backlog = 10_000

func noop(context.Context, *jobs.Task) error { return nil }

// openQueue returns a Queue of two kinds, of which one is held up, and its database.
func openQueue(b *testing.B, o *jobs.Options) (*jobs.Queue, metadata.Store) {
	b.Helper()
	db := open(b)
	q, err := jobs.New(jobsqlite.Database(db), o)
	if err != nil {
		b.Fatal(err)
	}
	for _, kind := range []string{"noop", "held"} {
		if err := q.Handle(kind, noop, &jobs.KindOptions{AtOnce: 2}); err != nil {
			b.Fatal(err)
		}
	}
	if err := q.Pause(b.Context(), "held"); err != nil {
		b.Fatal(err)
	}
	return q, db.Metadata()
}

func start(b *testing.B, q *jobs.Queue) {
	b.Helper()
	if err := q.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := q.Stop(context.Background()); err != nil {
			b.Error(err)
		}
	})
}

// fill has jobs wait in the same lane behind what is measured, and in another.
func fill(b *testing.B, q *jobs.Queue, meta metadata.Store) {
	b.Helper()
	for range backlog / 500 {
		err := meta.Update(b.Context(), func(tx metadata.Tx) error {
			for i := range 500 {
				j := jobs.Job{Kind: "held", Priority: jobs.Backlog}
				if i%2 == 0 {
					j = jobs.Job{Kind: "noop", Priority: jobs.Backlog, RunAt: time.Now().Add(24 * time.Hour)}
				}
				if _, err := q.SubmitTx(b.Context(), tx, j); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// report says how long things took: the median, and what one in a hundred exceeds.
func report(b *testing.B, took []time.Duration) {
	b.Helper()
	slices.Sort(took)
	b.ReportMetric(0, "ns/op") // the mean, which says little
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1e3, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1e3, "p99-ms")
	b.ReportMetric(float64(took[len(took)-1].Microseconds())/1e3, "max-ms")
}

// BenchmarkDone is a task that does nothing, from its submission until it is
// written down as done: with an empty queue, and behind a backlog.
func BenchmarkDone(b *testing.B) {
	for _, c := range []struct {
		name   string
		behind bool
	}{{"Empty", false}, {"Backlog10000", true}} {
		b.Run(c.name, func(b *testing.B) {
			done := make(chan int64, 10)
			q, meta := openQueue(b, &jobs.Options{Publish: func(e events.Event) {
				if e.Data["state"] == string(jobs.Done) {
					done <- e.Data["job"].(int64)
				}
			}})
			if c.behind {
				fill(b, q, meta)
			}
			start(b, q)
			var took []time.Duration
			for b.Loop() {
				begin := time.Now()
				j, err := q.Submit(b.Context(), jobs.Job{Kind: "noop"})
				if err != nil {
					b.Fatal(err)
				}
				if id := <-done; id != j.ID {
					b.Fatalf("job %d is done, not %d", id, j.ID)
				}
				took = append(took, time.Since(begin))
			}
			report(b, took)
		})
	}
}

// BenchmarkSubmit is a submission alone.
func BenchmarkSubmit(b *testing.B) {
	for _, c := range []struct {
		name   string
		behind bool
	}{{"Empty", false}, {"Backlog10000", true}} {
		b.Run(c.name, func(b *testing.B) {
			q, meta := openQueue(b, nil)
			if c.behind {
				fill(b, q, meta)
			}
			var took []time.Duration
			for b.Loop() {
				begin := time.Now()
				if _, err := q.Submit(b.Context(), jobs.Job{Kind: "held"}); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(begin))
			}
			report(b, took)
		})
	}
}

// BenchmarkUploadBeside is a change of metadata, as an upload makes them, with
// eight writers: alone, and while jobs are done one after another in the same file.
func BenchmarkUploadBeside(b *testing.B) {
	for _, c := range []struct {
		name string
		jobs bool
	}{{"Alone", false}, {"Jobs", true}} {
		b.Run(c.name, func(b *testing.B) {
			q, meta := openQueue(b, nil)
			start(b, q)
			if c.jobs {
				ctx, cancel := context.WithCancel(b.Context())
				over := make(chan struct{})
				b.Cleanup(func() { cancel(); <-over })
				go func() {
					defer close(over)
					for ctx.Err() == nil {
						_, _ = q.Submit(ctx, jobs.Job{Kind: "noop"})
					}
				}()
			}
			times := make(chan []time.Duration, 64)
			b.SetParallelism(4)
			b.RunParallel(func(pb *testing.PB) {
				var took []time.Duration
				for pb.Next() {
					begin := time.Now()
					err := meta.Update(b.Context(), func(tx metadata.Tx) error {
						return tx.InsertAsset(b.Context(), &metadata.Asset{ID: metadata.NewID(), State: metadata.Ready})
					})
					if err != nil {
						b.Error(err)
						return
					}
					took = append(took, time.Since(begin))
				}
				times <- took
			})
			close(times)
			var all []time.Duration
			for took := range times {
				all = append(all, took...)
			}
			report(b, all)
		})
	}
}
