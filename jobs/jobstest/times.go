package jobstest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/streamgate/streamgate/jobs"
)

var timeTests = []test{
	{"a job for later runs then, and not before", later},
	{"many jobs for the same time run", manyLater},
	{"an attempt that comes later is shown so", retryLater},
	{"a schedule submits its job each time", bySchedule},
	{"a schedule that makes no sense is refused", badSchedules},
}

func later(t *testing.T, p Place) {
	ran := make(chan time.Time, 1)
	h := start(t, p.Jobs, jobs.Options{}, one("noop", func(context.Context, *jobs.Task) error {
		ran <- time.Now()
		return nil
	}, nil))
	at := time.Now().Add(300 * time.Millisecond)
	j := h.submit(jobs.Job{Kind: "noop", RunAt: at})
	if j.State != jobs.Scheduled || j.RunAt.Sub(at).Abs() > time.Millisecond {
		t.Errorf("%+v", j)
	}
	got := receive(t, ran, "the job runs")
	if early := at.Sub(got); early > time.Millisecond { // to which one of the databases rounds
		t.Errorf("it ran %v before its time", early)
	}
	if late := got.Sub(at); late > 2*time.Second { // polling would be seconds
		t.Errorf("it ran %v after its time", late)
	}
}

func manyLater(t *testing.T, p Place) {
	ran := make(chan int64, 100)
	h := start(t, p.Jobs, jobs.Options{}, one("noop", func(_ context.Context, k *jobs.Task) error {
		ran <- k.ID
		return nil
	}, &jobs.KindOptions{AtOnce: 4}))
	at, seen := time.Now().Add(100*time.Millisecond), map[int64]bool{}
	for range 80 { // more than the queue takes note of
		h.submit(jobs.Job{Kind: "noop", RunAt: at})
	}
	for range 80 {
		seen[receive(t, ran, "a job")] = true
	}
	if len(seen) != 80 {
		t.Errorf("%d ran", len(seen))
	}
}

func retryLater(t *testing.T, p Place) {
	h := start(t, p.Jobs, jobs.Options{}, one("break", func(context.Context, *jobs.Task) error {
		return errors.New("not now")
	}, &jobs.KindOptions{Backoff: func(attempt int) time.Duration { return time.Duration(attempt) * time.Hour }}))
	j := h.reaches(h.submit(jobs.Job{Kind: "break"}).ID, jobs.Retrying)
	if wait := time.Until(j.RunAt); wait < 59*time.Minute || wait > time.Hour || len(j.Errors) != 1 || !j.EndedAt.IsZero() {
		t.Errorf("%+v", j)
	}
}

func bySchedule(t *testing.T, p Place) {
	ran := make(chan jobs.Job, 100)
	start(t, p.Jobs, jobs.Options{}, func(q *jobs.Queue) error {
		if err := q.Handle("tidy", func(_ context.Context, k *jobs.Task) error {
			ran <- k.Job
			return nil
		}, nil); err != nil {
			return err
		}
		return q.Schedule("often", "@every 1s", jobs.Job{Kind: "tidy", Owner: "ann"})
	})
	first, second := receive(t, ran, "the first"), receive(t, ran, "the second")
	if first.Owner != "ann" || first.Unique == second.Unique || first.ID == second.ID {
		t.Errorf("%+v and then %+v", first, second)
	}
}

func badSchedules(t *testing.T, p Place) {
	h := queue(t, p.Jobs, jobs.Options{}, one("noop", nil, nil))
	if err := h.Schedule("x", "61 * * * *", jobs.Job{Kind: "noop"}); err == nil {
		t.Error("the 61st minute")
	}
	if err := h.Schedule("x", "@daily", jobs.Job{Kind: "other"}); !errors.Is(err, jobs.ErrInvalid) {
		t.Errorf("an unknown kind: %v", err)
	}
	if err := h.Schedule("x", "@daily", jobs.Job{Kind: "noop", Unique: "a"}); !errors.Is(err, jobs.ErrInvalid) {
		t.Errorf("a key: %v", err)
	}
	if err := h.Schedule("x", "@daily", jobs.Job{Kind: "noop"}); err != nil {
		t.Error(err)
	}
	if err := h.Schedule("x", "@hourly", jobs.Job{Kind: "noop"}); err == nil {
		t.Error("two of a name")
	}
}
