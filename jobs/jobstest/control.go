package jobstest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/streamgate/streamgate/jobs"
	"github.com/streamgate/streamgate/metadata"
)

var controlTests = []test{
	{"a job that waits is cancelled at once", cancelWaiting},
	{"the context of a job that runs ends when it is cancelled", cancelRunning},
	{"what has ended stays as it is when it is cancelled", cancelEnded},
	{"nothing is published for a job that was cancelled", cancelFences},
	{"what has ended runs again when it is wanted", retryEnded},
	{"what was cancelled while it ran runs to its end when it is tried again", retryCancelled},
	{"what runs, or has been replaced, is not tried again", retryConflicts},
	{"a pause holds over a restart until it is ended", pauses},
	{"what is not there is not found", notFound},
	{"stop ends what runs, and it runs again without an attempt being counted", stopEnds},
	{"stop lets what runs end within the grace", stopWaits},
	{"stop does not wait for what does not end", stopGivesUp},
}

func cancelWaiting(t *testing.T, p Place) {
	h := queue(t, p.Jobs, jobs.Options{}, one("noop", nil, nil))
	for _, at := range []time.Time{{}, time.Now().Add(time.Hour)} {
		j, err := h.Cancel(t.Context(), h.submit(jobs.Job{Kind: "noop", RunAt: at}).ID)
		if err != nil || j.State != jobs.Cancelled || j.EndedAt.IsZero() {
			t.Errorf("%+v, %v", j, err)
		}
	}
}

func cancelRunning(t *testing.T, p Place) {
	begun, why := make(chan *jobs.Task, 1), make(chan error, 1)
	h := start(t, p.Jobs, jobs.Options{}, one("long", untilEnded(begun, why), nil))
	id := h.submit(jobs.Job{Kind: "long"}).ID
	receive(t, begun, "the job runs")
	asked := time.Now()
	if j, err := h.Cancel(t.Context(), id); err != nil || j.State != jobs.Running {
		t.Errorf("%+v, %v", j, err)
	}
	if err := receive(t, why, "its end"); !errors.Is(err, jobs.ErrCancelled) {
		t.Errorf("it ended for %v", err)
	}
	if took := time.Since(asked); took > time.Second {
		t.Errorf("it took %v", took)
	}
	if j := h.reaches(id, jobs.Cancelled); j.EndedAt.IsZero() {
		t.Errorf("%+v", j)
	}
}

func cancelEnded(t *testing.T, p Place) {
	h := start(t, p.Jobs, jobs.Options{}, one("noop", func(context.Context, *jobs.Task) error { return nil }, nil))
	id := h.submit(jobs.Job{Kind: "noop"}).ID
	h.reaches(id, jobs.Done)
	if j, err := h.Cancel(t.Context(), id); err != nil || j.State != jobs.Done {
		t.Errorf("%+v, %v", j, err)
	}
}

func cancelFences(t *testing.T, p Place) {
	begun, fenced := make(chan *jobs.Task, 1), make(chan error, 1)
	h := start(t, p.Jobs, jobs.Options{}, one("long", func(ctx context.Context, k *jobs.Task) error {
		begun <- k
		<-ctx.Done()
		alive := context.WithoutCancel(ctx)
		fenced <- p.Metadata.Update(alive, func(tx metadata.Tx) error { return k.Done(alive, tx) })
		return ctx.Err()
	}, nil))
	id := h.submit(jobs.Job{Kind: "long"}).ID
	receive(t, begun, "the job runs")
	if _, err := h.Cancel(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if err := receive(t, fenced, "its end"); !errors.Is(err, jobs.ErrCancelled) {
		t.Errorf("Done says %v", err)
	}
	h.reaches(id, jobs.Cancelled)
}

func retryEnded(t *testing.T, p Place) {
	fail := make(chan bool, 10)
	h := start(t, p.Jobs, jobs.Options{}, one("some", func(context.Context, *jobs.Task) error {
		if <-fail {
			return errors.New("no luck")
		}
		return nil
	}, &jobs.KindOptions{Attempts: 1}))
	id := h.submit(jobs.Job{Kind: "some"}).ID
	fail <- true
	h.reaches(id, jobs.Failed)
	if j, err := h.Retry(t.Context(), id); err != nil || j.State.Ended() || j.MaxAttempts != 2 {
		t.Errorf("%+v, %v", j, err)
	}
	fail <- false
	if j := h.becomes(id, jobs.Done); j.Attempt != 2 || len(j.Errors) != 1 {
		t.Errorf("%+v", j)
	}
}

func retryCancelled(t *testing.T, p Place) {
	begun := make(chan *jobs.Task, 1)
	h := start(t, p.Jobs, jobs.Options{}, one("long", func(ctx context.Context, k *jobs.Task) error {
		begun <- k
		if k.Generation > 1 {
			select {
			case <-ctx.Done():
				t.Errorf("it was ended again, for %v", context.Cause(ctx))
			case <-time.After(2500 * time.Millisecond): // River looks every two seconds
			}
			return p.Metadata.Update(ctx, func(tx metadata.Tx) error { return k.Done(ctx, tx) })
		}
		<-ctx.Done()
		return ctx.Err()
	}, nil))
	id := h.submit(jobs.Job{Kind: "long"}).ID
	receive(t, begun, "the job runs")
	if _, err := h.Cancel(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	h.reaches(id, jobs.Cancelled)
	if _, err := h.Retry(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	receive(t, begun, "the job runs again")
	h.reaches(id, jobs.Done)
}

func retryConflicts(t *testing.T, p Place) {
	begun, why := make(chan *jobs.Task, 1), make(chan error, 1)
	h := start(t, p.Jobs, jobs.Options{}, one("long", untilEnded(begun, why), nil))
	old := h.submit(jobs.Job{Kind: "long", Unique: "a", RunAt: time.Now().Add(time.Hour)}).ID
	if _, err := h.Cancel(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	id := h.submit(jobs.Job{Kind: "long", Unique: "a"}).ID
	receive(t, begun, "the job runs")
	if j, err := h.Retry(t.Context(), id); !errors.Is(err, jobs.ErrConflict) {
		t.Errorf("one that runs: %+v, %v", j, err)
	}
	if j, err := h.Retry(t.Context(), old); !errors.Is(err, jobs.ErrConflict) {
		t.Errorf("one that was replaced: %+v, %v", j, err)
	}
}

func pauses(t *testing.T, p Place) {
	ran := make(chan int64, 10)
	handle := one("noop", func(_ context.Context, k *jobs.Task) error {
		ran <- k.ID
		return nil
	}, nil)
	first := start(t, p.Jobs, jobs.Options{}, handle)
	if err := first.Pause(t.Context(), "noop"); err != nil {
		t.Fatal(err)
	}
	id := first.submit(jobs.Job{Kind: "noop"}).ID
	first.stop()
	second := queue(t, p.Jobs, jobs.Options{}, handle)
	if err := second.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer second.stop()
	select {
	case <-ran:
		t.Error("it ran in the pause")
	case <-time.After(200 * time.Millisecond):
	}
	if err := second.Resume(t.Context(), "noop"); err != nil {
		t.Fatal(err)
	}
	if got := receive(t, ran, "the job runs"); got != id {
		t.Errorf("job %d ran, not %d", got, id)
	}
	if err := second.Pause(t.Context(), "other"); !errors.Is(err, jobs.ErrInvalid) {
		t.Errorf("an unknown kind: %v", err)
	}
}

func notFound(t *testing.T, p Place) {
	h := queue(t, p.Jobs, jobs.Options{}, one("noop", nil, nil))
	_, got := h.Get(t.Context(), 99)
	_, cancelled := h.Cancel(t.Context(), 99)
	_, retried := h.Retry(t.Context(), 99)
	for _, err := range []error{got, cancelled, retried} {
		if !errors.Is(err, jobs.ErrNotFound) {
			t.Errorf("%v", err)
		}
	}
}

func stopEnds(t *testing.T, p Place) {
	begun, why := make(chan *jobs.Task, 2), make(chan error, 2)
	handle := one("long", untilEnded(begun, why), &jobs.KindOptions{Attempts: 1})
	first := start(t, p.Jobs, jobs.Options{}, handle)
	id := first.submit(jobs.Job{Kind: "long"}).ID
	receive(t, begun, "the job runs")
	first.stop()
	if err := receive(t, why, "its end"); !errors.Is(err, jobs.ErrStopping) {
		t.Errorf("it ended for %v", err)
	}
	if j := first.get(id); j.State != jobs.Waiting || j.Attempt != 0 || len(j.Errors) > 0 {
		t.Errorf("%+v", j)
	}
	start(t, p.Jobs, jobs.Options{}, handle)
	if k := receive(t, begun, "the job runs again"); k.Attempt != 1 || k.Generation != 2 {
		t.Errorf("%+v", k.Job)
	}
}

func stopWaits(t *testing.T, p Place) {
	begun := make(chan *jobs.Task, 1)
	h := start(t, p.Jobs, jobs.Options{Grace: -1}, one("short", func(ctx context.Context, k *jobs.Task) error {
		begun <- k
		select {
		case <-time.After(100 * time.Millisecond):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}, nil))
	id := h.submit(jobs.Job{Kind: "short"}).ID
	receive(t, begun, "the job runs")
	h.stop()
	if j := h.get(id); j.State != jobs.Done {
		t.Errorf("%+v", j)
	}
}

func stopGivesUp(t *testing.T, p Place) {
	begun, goOn := make(chan *jobs.Task, 1), make(chan struct{})
	h := start(t, p.Jobs, jobs.Options{}, one("deaf", func(_ context.Context, k *jobs.Task) error {
		begun <- k
		<-goOn
		return nil
	}, nil))
	id := h.submit(jobs.Job{Kind: "deaf"}).ID
	receive(t, begun, "the job runs")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := h.Stop(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Stop: %v", err)
	}
	close(goOn)
	h.stop()
	if j := h.get(id); j.State != jobs.Done {
		t.Errorf("%+v", j)
	}
}
