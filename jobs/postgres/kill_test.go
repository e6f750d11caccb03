package postgres_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/streamgate/streamgate/internal/pgtest"
	"github.com/streamgate/streamgate/jobs"
	jobpostgres "github.com/streamgate/streamgate/jobs/postgres"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/postgres"
)

// The test binary runs itself as a worker when this is set, until it is killed.
// With killLease it has a lease other than the default.
const (
	killEnv   = "STREAMGATE_TEST_JOBS_DSN"
	killLease = "STREAMGATE_TEST_JOBS_LEASE"
)

// lease is what the drill has in place of 20 seconds.
const lease = 2 * time.Second

func options(short bool) *jobs.Options {
	if !short {
		return nil
	}
	return &jobs.Options{Heartbeat: lease / 4, Lease: lease}
}

func workUntilKilled(dsn string) error {
	ctx := context.Background()
	db, err := postgres.Open(ctx, dsn, nil)
	if err != nil {
		return err
	}
	q, err := jobs.New(jobpostgres.Database(db), options(os.Getenv(killLease) != ""))
	if err != nil {
		return err
	}
	if err := q.Handle("film", publish(db), &jobs.KindOptions{AtOnce: 2, Attempts: 1}); err != nil {
		return err
	}
	if err := q.Handle("endless", func(context.Context, *jobs.Task) error {
		fmt.Println("endless")
		select {}
	}, nil); err != nil {
		return err
	}
	if err := q.Start(ctx); err != nil {
		return err
	}
	select {}
}

// publish works for a while and then publishes a result under a name that can be
// there once: a second one would fail its job.
func publish(db *postgres.DB) jobs.Handler {
	return func(ctx context.Context, k *jobs.Task) error {
		select {
		case <-time.After(300 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
		fmt.Println("publishing", k.ID)
		return db.Metadata().Update(ctx, func(tx metadata.Tx) error {
			if err := k.Fence(ctx, tx); err != nil {
				return err
			}
			if err := tx.InsertAsset(ctx, &metadata.Asset{ID: fmt.Sprint("result", k.ID), State: metadata.Ready}); err != nil {
				return err
			}
			return k.Done(ctx, tx)
		})
	}
}

// worker is another process.
type worker struct {
	cmd   *exec.Cmd
	lines chan string
}

func startWorker(t *testing.T, dsn string, env ...string) *worker {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	w := &worker{cmd: exec.CommandContext(t.Context(), self), lines: make(chan string, 1000)}
	w.cmd.Env = append(append(os.Environ(), killEnv+"="+dsn), env...)
	w.cmd.Stderr = t.Output()
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := w.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(w.lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			w.lines <- s.Text()
		}
	}()
	return w
}

// says waits for the worker to say something.
func (w *worker) says(t *testing.T) {
	t.Helper()
	select {
	case _, ok := <-w.lines:
		if !ok {
			t.Fatal("the worker has ended")
		}
	case <-time.After(2 * time.Minute):
		t.Fatal("the worker says nothing")
	}
}

// kill ends it as kill -9 does.
func (w *worker) kill(t *testing.T) {
	t.Helper()
	if err := w.cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	for range w.lines { // which the pipe is read to the end for
	}
	_ = w.cmd.Wait() // killed, as was meant
}

func submitter(t *testing.T, db *postgres.DB, o *jobs.Options) *jobs.Queue {
	t.Helper()
	q, err := jobs.New(jobpostgres.Database(db), o)
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"film", "endless"} {
		if err := q.Handle(kind, nil, &jobs.KindOptions{Attempts: 1}); err != nil {
			t.Fatal(err)
		}
	}
	return q
}

// Three workers on one database, of which one is killed with -9 again and again,
// each time in the middle of something. Every result is published once.
func TestResultsArePublishedOnceWhileWorkersAreKilled(t *testing.T) {
	dsn := pgtest.Database(t)
	db := open(t, dsn)
	q := submitter(t, db, options(true))
	const films = 60
	for range films {
		if _, err := q.Submit(t.Context(), jobs.Job{Kind: "film"}); err != nil {
			t.Fatal(err)
		}
	}
	workers := make([]*worker, 3)
	for i := range workers {
		workers[i] = startWorker(t, dsn, killLease+"=1")
	}
	defer func() {
		for _, w := range workers {
			w.kill(t)
		}
	}()
	kills, late := 0, time.After(4*time.Minute)
	for {
		sizes, err := q.Sizes(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(sizes["film"]) == 0 {
			break
		}
		select {
		case <-late:
			t.Fatalf("not done after %d kills: %v", kills, sizes)
		case _, ok := <-workers[kills%3].lines: // it is at work
			if ok && kills < 12 {
				workers[kills%3].kill(t)
				workers[kills%3] = startWorker(t, dsn, killLease+"=1")
				kills++
			}
		case <-time.After(20 * time.Millisecond):
		}
	}
	t.Logf("%d kills", kills)
	if kills < 3 {
		t.Error("those are too few")
	}
	again := 0
	for id := int64(1); id <= films; id++ {
		j, err := q.Get(t.Context(), id)
		if err != nil || j.State != jobs.Done || len(j.Errors) > 0 || j.Attempt != 1 {
			t.Errorf("%+v, %v", j, err)
			continue
		}
		if j.Generation > 1 {
			again++
		}
		if _, err := db.Metadata().Asset(t.Context(), fmt.Sprint("result", id)); err != nil {
			t.Errorf("job %d is done and its result is not there: %v", id, err)
		}
	}
	t.Logf("%d jobs ran more than once", again)
	if again == 0 {
		t.Error("no worker was killed in the middle of a job")
	}
}

func TestAnotherMachineTakesOverWithinAMinute(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for the default lease of 20 s: leave out -short")
	}
	dsn := pgtest.Database(t)
	db := open(t, dsn)
	q := submitter(t, db, nil)
	if _, err := q.Submit(t.Context(), jobs.Job{Kind: "endless"}); err != nil {
		t.Fatal(err)
	}
	first := startWorker(t, dsn)
	first.says(t)
	second := startWorker(t, dsn)
	defer second.kill(t)
	first.kill(t)
	begin := time.Now()
	second.says(t)
	took := time.Since(begin)
	t.Logf("it ran again after %v", took)
	if took > time.Minute {
		t.Error("that is too late")
	}
}
