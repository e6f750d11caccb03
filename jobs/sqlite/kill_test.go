package sqlite_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/jobs"
	jobsqlite "github.com/streamgate/streamgate/jobs/sqlite"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/sqlite"
)

// The test binary runs itself as another process when this is set: one that works
// on the jobs of a database until it is killed.
const killEnv = "STREAMGATE_TEST_JOBS_DB"

func runUntilKilled(path string) error {
	db, err := sqlite.Open(path)
	if err != nil {
		return err
	}
	q, err := jobs.New(jobsqlite.Database(db), nil)
	if err != nil {
		return err
	}
	err = q.Handle("film", func(_ context.Context, t *jobs.Task) error {
		fmt.Println("running", t.ID, t.Generation)
		select {}
	}, &jobs.KindOptions{AtOnce: 3})
	if err != nil {
		return err
	}
	if err := q.Start(context.Background()); err != nil {
		return err
	}
	select {}
}

// killWhenRunning starts the other process and kills it as soon as n jobs run.
func killWhenRunning(t *testing.T, path string, n int) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), killEnv+"="+path)
	cmd.Stderr = t.Output()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for range n {
		if !lines.Scan() {
			t.Fatalf("the other process says no more: %v", lines.Err())
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil || cmd.ProcessState.ExitCode() != -1 {
		t.Fatalf("it was not killed: %v", err)
	}
}

// What runs when the process is killed with -9 runs again at once when the next
// one starts, and its result is there once.
func TestWhatRanInAProcessThatWasKilledRunsAgainAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	var ids []int64
	submit := func() {
		db, err := sqlite.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		q, err := jobs.New(jobsqlite.Database(db), nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := q.Handle("film", nil, nil); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			j, err := q.Submit(t.Context(), jobs.Job{Kind: "film", MaxAttempts: 1})
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, j.ID)
		}
	}
	submit()
	killWhenRunning(t, path, 3)
	killWhenRunning(t, path, 3)

	db, err := sqlite.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	done := make(chan struct{}, 10)
	q, err := jobs.New(jobsqlite.Database(db), &jobs.Options{Publish: func(e events.Event) {
		if e.Data["state"] == string(jobs.Done) {
			done <- struct{}{}
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	again := make(chan jobs.Job, 10)
	err = q.Handle("film", func(ctx context.Context, k *jobs.Task) error {
		again <- k.Job
		return db.Metadata().Update(ctx, func(tx metadata.Tx) error {
			if err := tx.InsertAsset(ctx, &metadata.Asset{ID: fmt.Sprint("result", k.ID), State: metadata.Ready}); err != nil {
				return err
			}
			return k.Done(ctx, tx)
		})
	}, &jobs.KindOptions{AtOnce: 3})
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	if err := q.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range ids {
		if j := receive(t, again); j.Generation != 3 || j.Attempt != 1 {
			t.Errorf("%+v", j)
		}
	}
	if took := time.Since(begin); took > 15*time.Second { // a lease lasts longer
		t.Errorf("they ran again after %v", took)
	} else {
		t.Logf("all ran again %v after the start", took)
	}
	for range ids {
		receive(t, done)
	}
	if err := q.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		j, err := q.Get(t.Context(), id)
		if err != nil || j.State != jobs.Done || len(j.Errors) > 0 {
			t.Errorf("%+v, %v", j, err)
		}
	}
}

func receive[T any](t *testing.T, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(time.Minute):
		t.Fatal("it does not happen")
	}
	return v
}
