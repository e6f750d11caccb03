package streamgate_test

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/streamgate/streamgate"
	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/jobs"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/sqlite"
)

// jobGate is a Gate that does one kind of job, of which it says what it has done.
func jobGate(t *testing.T, dir string, opts ...streamgate.Option) (*streamgate.Gate, <-chan string) {
	t.Helper()
	done := make(chan string, 10)
	opts = append(opts, streamgate.WithJobOptions(func(o *jobs.Options) { o.Grace = -1 }))
	return startGate(t, dir, append(opts, streamgate.WithJobs(func(q *jobs.Queue) error {
		return q.Handle("poster", func(_ context.Context, k *jobs.Task) error {
			done <- k.Owner
			return nil
		}, nil)
	}))...), done
}

func TestAGateRunsJobsOfTheApplication(t *testing.T) {
	recorded := make(chan events.Event, 100)
	g, done := jobGate(t, t.TempDir(), streamgate.WithRecorder(events.RecorderFunc(func(_ context.Context, e events.Event) error {
		recorded <- e
		return nil
	})))
	admin := serve(t, g.Admin(), "")
	a := admin.do(http.MethodPost, "/v1/jobs", strings.NewReader(`{"kind":"poster","owner":"ann"}`), "Content-Type", "application/json")
	a.want(t, http.StatusCreated)
	if e := <-recorded; e.Type != events.JobSubmitted || e.Owner != "ann" || e.Data["kind"] != "poster" {
		t.Errorf("recorded: %+v", e)
	}
	if owner := <-done; owner != "ann" {
		t.Errorf("the owner is %q", owner)
	}
	eventually(t, "it is done", func() bool {
		return admin.get("/v1/jobs/1").want(t, http.StatusOK).json(t)["state"] == "done"
	})
	eventually(t, "it is counted", func() bool {
		body := string(admin.get("/metrics").want(t, http.StatusOK).body)
		return strings.Contains(body, `streamgate_job_attempts_total{kind="poster",state="done"} 1`) &&
			strings.Contains(body, `streamgate_jobs{kind="poster",state="waiting"} 0`) &&
			strings.Contains(body, `streamgate_job_duration_seconds_count{kind="poster"} 1`)
	})
	admin.do(http.MethodDelete, "/v1/jobs/1", nil).want(t, http.StatusOK)
	if len(recorded) > 0 {
		t.Errorf("what had ended was cancelled: %+v", <-recorded)
	}
	serve(t, g, "").get("/v1/jobs/1").want(t, http.StatusNotFound) // on the public plane
}

func TestAJobIsSubmittedInATransactionOfAGate(t *testing.T) {
	g, done := jobGate(t, t.TempDir())
	mine := errors.New("mine")
	for owner, want := range map[string]error{"undone": mine, "kept": nil} {
		err := g.Metadata().Update(t.Context(), func(tx metadata.Tx) error {
			if _, err := g.Jobs().SubmitTx(t.Context(), tx, jobs.Job{Kind: "poster", Owner: owner}); err != nil {
				return err
			}
			return want
		})
		if !errors.Is(err, want) {
			t.Fatal(err)
		}
	}
	if owner := <-done; owner != "kept" {
		t.Errorf("the owner is %q", owner)
	}
}

func TestWhatAGateHasLeftToDoIsDoneByTheNext(t *testing.T) {
	dir := t.TempDir()
	g := openGate(t, dir, streamgate.WithJobs(func(q *jobs.Queue) error { return q.Handle("poster", nil, nil) }))
	if _, err := g.Jobs().Submit(t.Context(), jobs.Job{Kind: "poster", Owner: "ann"}); err != nil {
		t.Fatal(err)
	}
	stopGate(t, g)
	_, done := jobGate(t, dir)
	if owner := <-done; owner != "ann" {
		t.Errorf("the owner is %q", owner)
	}
}

func TestJobsNeedADatabaseThatIsNamed(t *testing.T) {
	db, err := sqlite.Open(filepath.Join(t.TempDir(), "x.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	g := openGate(t, t.TempDir(), streamgate.WithMetadata(db.Metadata()))
	if g.Jobs() != nil {
		t.Error("there is a queue")
	}
	serve(t, g.Admin(), "").get("/v1/jobs").want(t, http.StatusNotFound)
	_, err = streamgate.New(t.TempDir(), streamgate.WithMetadata(db.Metadata()), streamgate.WithAuthenticator(byHeader),
		streamgate.WithJobs(func(*jobs.Queue) error { return nil }))
	if err == nil || !strings.Contains(err.Error(), "WithJobDatabase") {
		t.Errorf("New: %v", err)
	}
	broken := errors.New("broken")
	_, err = streamgate.New(t.TempDir(), streamgate.WithAuthenticator(byHeader),
		streamgate.WithJobs(func(*jobs.Queue) error { return broken }))
	if !errors.Is(err, broken) {
		t.Errorf("New: %v", err)
	}
}
