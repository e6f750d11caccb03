package jobstest

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/jobs"
	"github.com/streamgate/streamgate/jobs/internal/backend"
	"github.com/streamgate/streamgate/metadata"
)

var runTests = []test{
	{"a job is done, and says when and how", jobIsDone},
	{"what was submitted before the start runs after it", submittedBefore},
	{"what cannot be a job is refused", refused},
	{"arguments that a database does not keep are refused", odd},
	{"progress is kept and heard of", progress},
	{"the last progress is kept with the end", lastProgress},
	{"nothing more is heard of a run after its end", progressAfterEnd},
	{"a queue is started once, and stops without having started", lifecycle},
	{"what ended long ago is removed", retention},
}

func jobIsDone(t *testing.T, p Place) {
	got := make(chan jobs.Job, 1)
	h := start(t, p.Jobs, jobs.Options{}, one("greet", func(_ context.Context, k *jobs.Task) error {
		var args struct{ Name string }
		if err := k.Decode(&args); err != nil {
			return err
		}
		if args.Name != "Ann & <Bob>" {
			t.Errorf("the name is %q", args.Name)
		}
		got <- k.Job
		return nil
	}, nil))
	j, err := jobs.NewJob("greet", map[string]string{"Name": "Ann & <Bob>"})
	if err != nil {
		t.Fatal(err)
	}
	j.Owner, j.Priority, j.MaxAttempts = "ann", jobs.Low, 3
	submitted := h.submit(j)
	ran := receive(t, got, "the job runs")
	done := h.reaches(submitted.ID, jobs.Done)

	want := jobs.Job{
		ID: submitted.ID, Kind: "greet", Args: done.Args, Owner: "ann", State: jobs.Running, Priority: jobs.Low,
		Attempt: 1, MaxAttempts: 3, Generation: 1,
	}
	times := cmpopts.IgnoreFields(jobs.Job{}, "RunAt", "CreatedAt", "StartedAt", "EndedAt")
	if d := cmp.Diff(want, ran, times); d != "" {
		t.Errorf("as the handler saw it: %s", d)
	}
	want.State = jobs.Done
	if d := cmp.Diff(want, *done, times); d != "" {
		t.Errorf("as it is kept: %s", d)
	}
	var args map[string]string
	if err := json.Unmarshal(done.Args, &args); err != nil || args["Name"] != "Ann & <Bob>" {
		t.Errorf("the arguments are %s", done.Args)
	}
	if done.CreatedAt.IsZero() || done.StartedAt.Before(done.CreatedAt) || done.EndedAt.Before(done.StartedAt) ||
		time.Since(done.CreatedAt).Abs() > patience || done.EndedAt.Location() != time.UTC {
		t.Errorf("created %v, started %v, ended %v", done.CreatedAt, done.StartedAt, done.EndedAt)
	}
}

func submittedBefore(t *testing.T, p Place) {
	h := queue(t, p.Jobs, jobs.Options{}, one("noop", func(context.Context, *jobs.Task) error { return nil }, nil))
	j := h.submit(jobs.Job{Kind: "noop"})
	if j.State != jobs.Waiting {
		t.Errorf("it is %s", j.State)
	}
	if err := h.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer h.stop()
	h.reaches(j.ID, jobs.Done)
}

func refused(t *testing.T, p Place) {
	h := queue(t, p.Jobs, jobs.Options{}, one("noop", nil, nil))
	for name, j := range map[string]jobs.Job{
		"an unknown kind":              {Kind: "other"},
		"no kind":                      {},
		"arguments that are no JSON":   {Kind: "noop", Args: json.RawMessage(`{"a":`)},
		"arguments that are no object": {Kind: "noop", Args: raw("text")},
		"arguments with a NUL":         {Kind: "noop", Args: json.RawMessage(`{"a":"\u0000"}`)},
		"arguments without an end":     {Kind: "noop", Args: raw(map[string]string{"a": strings.Repeat("x", 64<<10)})},
		"a priority above all":         {Kind: "noop", Priority: -1},
		"a priority below all":         {Kind: "noop", Priority: 5},
		"attempts without an end":      {Kind: "noop", MaxAttempts: 1001},
		"an owner with a NUL":          {Kind: "noop", Owner: "a\x00"},
		"an owner that is no text":     {Kind: "noop", Owner: "\xff"},
		"a key without an end":         {Kind: "noop", Unique: strings.Repeat("x", 513)},
		"a time after all times":       {Kind: "noop", RunAt: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		if got, err := h.Submit(t.Context(), j); !errors.Is(err, jobs.ErrInvalid) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if page, err := h.List(t.Context(), jobs.Query{}); err != nil || len(page.Jobs) > 0 {
		t.Errorf("there is something: %v, %v", page, err)
	}
}

func progress(t *testing.T, p Place) {
	next := make(chan struct{})
	h := start(t, p.Jobs, jobs.Options{}, one("count", func(ctx context.Context, k *jobs.Task) error {
		if err := k.Progress(map[string]int{"percent": 40}); err != nil {
			return err
		}
		select {
		case <-next:
		case <-ctx.Done():
		}
		return nil
	}, nil))
	j := h.submit(jobs.Job{Kind: "count", Owner: "ann"})
	h.hears("40 percent", func(e events.Event) bool {
		text, _ := e.Data["progress"].(json.RawMessage)
		return e.Type == events.JobChanged && e.Owner == "ann" && string(text) == `{"percent":40}`
	})
	if got := h.get(j.ID); got.State != jobs.Running || string(got.Progress) != `{"percent":40}` {
		t.Errorf("it is %s with progress %s", got.State, got.Progress)
	}
	close(next)
	h.reaches(j.ID, jobs.Done)
}

func lastProgress(t *testing.T, p Place) {
	h := start(t, p.Jobs, jobs.Options{}, one("count", func(_ context.Context, k *jobs.Task) error {
		for i := range 1000 {
			if err := k.Progress(i); err != nil {
				return err
			}
		}
		return k.Progress(make(chan int))
	}, &jobs.KindOptions{Attempts: 1}))
	j := h.reaches(h.submit(jobs.Job{Kind: "count"}).ID, jobs.Failed)
	if string(j.Progress) != "999" {
		t.Errorf("the progress is %s", j.Progress)
	}
	if len(j.Errors) != 1 || !strings.Contains(j.Errors[0].Error, "encoding progress") {
		t.Errorf("what cannot be encoded: %v", j.Errors)
	}
}

func lifecycle(t *testing.T, p Place) {
	h := queue(t, p.Jobs, jobs.Options{}, one("noop", nil, nil))
	if err := h.Start(t.Context()); err != nil {
		t.Fatalf("a queue that runs nothing itself: %v", err)
	}
	if err := h.Start(t.Context()); err == nil {
		t.Error("it started twice")
	}
	if err := h.Handle("late", nil, nil); err == nil {
		t.Error("a handler came after the start")
	}
	if err := h.Schedule("late", "@daily", jobs.Job{Kind: "noop"}); err == nil {
		t.Error("a schedule came after the start")
	}
	h.stop()
	h.stop()
	never := queue(t, p.Jobs, jobs.Options{}, one("noop", nil, nil))
	never.stop()
	if err := never.Start(t.Context()); err == nil {
		t.Error("it started after its end")
	}
}

func retention(t *testing.T, p Place) {
	noop := one("noop", func(context.Context, *jobs.Task) error { return nil }, nil)
	first := start(t, p.Jobs, jobs.Options{}, noop)
	ended := first.submit(jobs.Job{Kind: "noop"})
	waits := first.submit(jobs.Job{Kind: "noop", RunAt: time.Now().Add(time.Hour)})
	first.reaches(ended.ID, jobs.Done)
	first.stop()
	<-time.After(5 * time.Millisecond) // what ended is older than that

	second := start(t, p.Jobs, jobs.Options{Retention: time.Millisecond}, noop)
	for late := time.Now().Add(patience); ; <-time.After(time.Millisecond) {
		_, err := second.Get(t.Context(), ended.ID)
		if errors.Is(err, jobs.ErrNotFound) {
			break
		}
		if err != nil || time.Now().After(late) {
			t.Fatalf("it is still there: %v", err)
		}
	}
	if j := second.get(waits.ID); j.State != jobs.Scheduled {
		t.Errorf("what had not ended is %s", j.State)
	}
	rows := 0
	err := p.Jobs.Reader().Query(t.Context(), func(r backend.Row) error { return r.Scan(&rows) }, `SELECT COUNT(*) FROM jobs`)
	if err != nil || rows != 1 {
		t.Errorf("beside the jobs of River there are %d rows, %v", rows, err)
	}
}

func progressAfterEnd(t *testing.T, p Place) {
	const many = 50
	h := start(t, p.Jobs, jobs.Options{}, one("film", func(ctx context.Context, k *jobs.Task) error {
		return p.Metadata.Update(ctx, func(metadata.Tx) error { // so that what follows comes together
			return k.Progress(map[string]int{"percent": 99}) // which is written down beside the end
		})
	}, &jobs.KindOptions{AtOnce: 4}))
	var ids []int64
	for range many {
		ids = append(ids, h.submit(jobs.Job{Kind: "film"}).ID)
	}
	for _, id := range ids {
		if j := h.reaches(id, jobs.Done); string(j.Progress) != `{"percent":99}` && string(j.Progress) != `{"percent": 99}` {
			t.Errorf("the progress of job %d is %q", id, j.Progress)
		}
	}
	h.stop()
	h.mu.Lock()
	defer h.mu.Unlock()
	over := map[any]bool{}
	for _, e := range h.heard {
		if over[e.Data["job"]] {
			t.Errorf("after its end job %v is %v", e.Data["job"], e.Data["state"])
		}
		over[e.Data["job"]] = over[e.Data["job"]] || e.Data["state"] == string(jobs.Done)
	}
}
