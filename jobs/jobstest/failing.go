package jobstest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/streamgate/streamgate/jobs"
	"github.com/streamgate/streamgate/jobs/internal/backend"
)

var failureTests = []test{
	{"what fails or is cancelled is followed by what its kind says", isFollowed},
	{"an error has it tried again until the attempts are used up", retries},
	{"a panic is an error", panics},
	{"an error that nothing would mend ends it at once", discards},
	{"a snooze is no attempt", snoozes},
	{"what takes too long is ended", timesOut},
	{"a job that takes its worker with it is failed in the end", crashes},
}

func fast(int) time.Duration { return time.Millisecond }

func retries(t *testing.T, p Place) {
	attempts := make(chan int, 10)
	h := start(t, p.Jobs, jobs.Options{}, one("break", func(_ context.Context, k *jobs.Task) error {
		attempts <- k.Attempt
		return errors.New("no luck")
	}, &jobs.KindOptions{Attempts: 3, Backoff: fast}))
	j := h.reaches(h.submit(jobs.Job{Kind: "break"}).ID, jobs.Failed)
	for want := 1; want <= 3; want++ {
		if got := receive(t, attempts, "an attempt"); got != want {
			t.Errorf("attempt %d is the %d.", got, want)
		}
	}
	if len(j.Errors) != 3 || j.Errors[2].Attempt != 3 || j.Errors[2].Error != "no luck" || j.Errors[2].At.IsZero() {
		t.Errorf("the errors are %v", j.Errors)
	}
	if j.Attempt != 3 || j.Generation != 3 || j.EndedAt.IsZero() {
		t.Errorf("%+v", j)
	}
}

func panics(t *testing.T, p Place) {
	h := start(t, p.Jobs, jobs.Options{}, one("panic", func(context.Context, *jobs.Task) error {
		panic("oh no " + strings.Repeat("ö", 10_000))
	}, &jobs.KindOptions{Attempts: 1}))
	j := h.reaches(h.submit(jobs.Job{Kind: "panic"}).ID, jobs.Failed)
	if len(j.Errors) != 1 || !strings.Contains(j.Errors[0].Error, "panic: oh no") || len(j.Errors[0].Error) > 9000 {
		t.Errorf("the errors are %v", j.Errors)
	}
}

func discards(t *testing.T, p Place) {
	h := start(t, p.Jobs, jobs.Options{}, one("break", func(_ context.Context, k *jobs.Task) error {
		return k.Decode(&struct{ N int }{})
	}, nil))
	j := h.reaches(h.submit(jobs.Job{Kind: "break", Args: raw(map[string]string{"N": "no number"})}).ID, jobs.Failed)
	if j.Attempt != 1 || len(j.Errors) != 1 || !strings.Contains(j.Errors[0].Error, "decoding the arguments") {
		t.Errorf("%+v", j)
	}
}

func snoozes(t *testing.T, p Place) {
	n := 0
	h := start(t, p.Jobs, jobs.Options{}, one("sleepy", func(context.Context, *jobs.Task) error {
		if n++; n < 4 {
			return jobs.Snooze(time.Millisecond)
		}
		return nil
	}, &jobs.KindOptions{Attempts: 1}))
	j := h.reaches(h.submit(jobs.Job{Kind: "sleepy"}).ID, jobs.Done)
	if j.Attempt != 1 || j.Generation != 4 || len(j.Errors) > 0 {
		t.Errorf("%+v", j)
	}
}

func timesOut(t *testing.T, p Place) {
	begun, why := make(chan *jobs.Task, 1), make(chan error, 1)
	h := start(t, p.Jobs, jobs.Options{}, one("long", untilEnded(begun, why), &jobs.KindOptions{Timeout: 20 * time.Millisecond, Attempts: 1}))
	j := h.reaches(h.submit(jobs.Job{Kind: "long"}).ID, jobs.Failed)
	if err := receive(t, why, "its end"); !errors.Is(err, jobs.ErrTimeout) {
		t.Errorf("it ended for %v", err)
	}
	if len(j.Errors) != 1 || !strings.Contains(j.Errors[0].Error, "took too long (20ms)") {
		t.Errorf("the errors are %v", j.Errors)
	}
}

func crashes(t *testing.T, p Place) {
	begun, why := make(chan *jobs.Task, 10), make(chan error, 10)
	handle := one("oom", untilEnded(begun, why), &jobs.KindOptions{Crashes: 3})
	id := int64(0)
	for i := range 3 {
		h := start(t, p.Jobs, jobs.Options{}, handle)
		if i == 0 {
			id = h.submit(jobs.Job{Kind: "oom"}).ID
		}
		k := receive(t, begun, "the job runs again")
		if k.Generation != int64(i+1) || k.Attempt != 1 {
			t.Errorf("run %d: generation %d, attempt %d", i, k.Generation, k.Attempt)
		}
		abandon(t, p, h, id)
	}
	h := start(t, p.Jobs, jobs.Options{}, handle)
	j := h.becomes(id, jobs.Failed)
	if len(j.Errors) != 1 || !strings.Contains(j.Errors[0].Error, "went away, for the 3. time") {
		t.Errorf("%+v", j)
	}
}

// abandon leaves a job that runs in h as a process does that is killed.
func abandon(t *testing.T, p Place, h *house, id int64) {
	t.Helper()
	h.stop()
	change(t, p, `UPDATE river_job SET state = 'running', attempt = attempt + 1 WHERE id = ?`, id)
	change(t, p, `UPDATE jobs SET node = 'gone' WHERE id = ?`, id)
}

// change does to the database what nobody should.
func change(t *testing.T, p Place, text string, args ...any) {
	t.Helper()
	err := p.Jobs.Update(t.Context(), func(c backend.Conn) error {
		_, err := c.Exec(t.Context(), text, args...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func isFollowed(t *testing.T, p Place) {
	begun, why, followed := make(chan *jobs.Task, 10), make(chan error, 10), make(chan string, 10)
	o := &jobs.KindOptions{Attempts: 1, Crashes: 1, OnFailure: func(j *jobs.Job) *jobs.Job {
		return &jobs.Job{Kind: "after", Args: raw(map[string]string{"state": string(j.State)})}
	}}
	handle := func(q *jobs.Queue) error {
		return errors.Join(
			q.Handle("bad", func(context.Context, *jobs.Task) error { return errors.New("no") }, o),
			q.Handle("worse", func(context.Context, *jobs.Task) error { panic("no") }, o),
			q.Handle("long", untilEnded(begun, why), o),
			q.Handle("good", func(context.Context, *jobs.Task) error { return nil }, o),
			q.Handle("after", func(_ context.Context, k *jobs.Task) error {
				var in struct{ State string }
				defer func() { followed <- in.State }()
				return k.Decode(&in)
			}, nil),
		)
	}
	h := start(t, p.Jobs, jobs.Options{}, handle)
	follows := func(what string, s jobs.State) {
		t.Helper()
		if got := receive(t, followed, what); got != string(s) {
			t.Errorf("%s: it is %q", what, got)
		}
	}
	h.reaches(h.submit(jobs.Job{Kind: "good"}).ID, jobs.Done)
	h.submit(jobs.Job{Kind: "bad"})
	follows("an error", jobs.Failed)
	h.submit(jobs.Job{Kind: "worse"})
	follows("a panic", jobs.Failed)
	for name, at := range map[string]time.Time{"cancelled before": time.Now().Add(time.Hour), "cancelled while it runs": {}} {
		id := h.submit(jobs.Job{Kind: "long", RunAt: at}).ID
		if at.IsZero() {
			receive(t, begun, "the job runs")
		}
		if _, err := h.Cancel(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		follows(name, jobs.Cancelled)
		h.reaches(id, jobs.Cancelled)
	}
	id := h.submit(jobs.Job{Kind: "long"}).ID
	receive(t, begun, "the job runs")
	abandon(t, p, h, id)
	start(t, p.Jobs, jobs.Options{}, handle)
	follows("its worker is gone", jobs.Failed)
}
