package postgres_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivershared/riverpilot"

	"github.com/streamgate/streamgate/internal/pgtest"
	"github.com/streamgate/streamgate/jobs"
	"github.com/streamgate/streamgate/jobs/internal/backend"
	jobpostgres "github.com/streamgate/streamgate/jobs/postgres"
	"github.com/streamgate/streamgate/metadata"
)

// unpolled is a database that nobody looks into without being told to, and whose
// transactions may be held up once they are over.
type unpolled struct {
	jobs.Database

	mu    sync.Mutex
	after func() // of the next Update, once
}

func (d *unpolled) Client(pilot riverpilot.Pilot, config *river.Config) (backend.Client, error) {
	config.FetchPollInterval = time.Hour
	return d.Database.Client(pilot, config)
}

func (d *unpolled) Update(ctx context.Context, fn func(c backend.Conn) error) error {
	d.mu.Lock()
	after := d.after
	d.after = nil
	d.mu.Unlock()
	err := d.Database.Update(ctx, fn)
	if after != nil {
		after()
	}
	return err
}

// next holds up the next Update by f.
func (d *unpolled) next(f func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.after = f
}

func begun(t *testing.T, c <-chan int64) int64 {
	t.Helper()
	select {
	case id := <-c:
		return id
	case <-time.After(2 * time.Minute):
		t.Fatal("a job does not begin")
		return 0
	}
}

// TestASlotThatBecomesFreeDuringAFetchIsUsed has one of two jobs end while the other
// slot is being filled: the third begins all the same, without anybody looking for it.
func TestASlotThatBecomesFreeDuringAFetchIsUsed(t *testing.T) {
	pg := open(t, pgtest.Database(t))
	db := &unpolled{Database: jobpostgres.Database(pg)}
	q, err := jobs.New(db, &jobs.Options{Heartbeat: time.Hour, Lease: 3 * time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	began, end := make(chan int64, 10), make(chan struct{})
	if err := q.Handle("film", func(ctx context.Context, k *jobs.Task) error {
		began <- k.ID
		select {
		case <-end:
		case <-ctx.Done():
		}
		return nil
	}, &jobs.KindOptions{AtOnce: 2}); err != nil {
		t.Fatal(err)
	}
	if _, err := q.Submit(t.Context(), jobs.Job{Kind: "film"}); err != nil { // which is found at the start
		t.Fatal(err)
	}
	if err := q.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := q.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	first := begun(t, began)
	for n, i := 0, 0; n == 0; i++ { // until it hears
		if err := pg.Pool().QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'`).Scan(&n); err != nil || i > 6000 {
			t.Fatal("it does not listen", err)
		}
		time.Sleep(10 * time.Millisecond)
	}
	db.next(func() { // of the fetch, which has one slot to fill
		select { // the first ends
		case end <- struct{}{}:
		case <-t.Context().Done():
			return
		}
		for range 6000 { // and what became of it is written down
			j, err := q.Get(t.Context(), first)
			if err != nil || j.State == jobs.Done {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(200 * time.Millisecond) // and River has heard of it: if not, it looks by itself
	})
	if err := pg.Metadata().Update(t.Context(), func(tx metadata.Tx) error { // told of once
		for range 2 {
			if _, err := q.SubmitTx(t.Context(), tx, jobs.Job{Kind: "film"}); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	begun(t, began)
	begun(t, began)
}
