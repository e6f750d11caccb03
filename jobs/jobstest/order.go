package jobstest

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/jobs"
)

var orderTests = []test{
	{"a fresh upload goes before a backlog", priorities},
	{"no more run at once than are allowed", atOnce},
	{"kinds of a lane share their limit and their order", lanes},
	{"one of a key is enough until it ends", unique},
}

func priorities(t *testing.T, p Place) {
	ran := make(chan string, 100)
	h := queue(t, p.Jobs, jobs.Options{}, one("film", func(_ context.Context, k *jobs.Task) error {
		var args struct{ N string }
		err := k.Decode(&args)
		ran <- args.N
		return err
	}, nil))
	for i, priority := range []int{jobs.Backlog, 0, jobs.Urgent, jobs.Low, jobs.Urgent, jobs.Backlog} {
		h.submit(jobs.Job{Kind: "film", Priority: priority, Args: raw(map[string]string{"N": fmt.Sprint(i)})})
	}
	if err := h.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer h.stop()
	var got []string
	for range 6 {
		got = append(got, receive(t, ran, "a job"))
	}
	if d := cmp.Diff([]string{"2", "4", "1", "3", "0", "5"}, got); d != "" {
		t.Error(d)
	}
}

func atOnce(t *testing.T, p Place) {
	var running, most atomic.Int32
	ran, together := make(chan struct{}, 100), make(chan struct{}, 100)
	h := start(t, p.Jobs, jobs.Options{}, one("film", func(ctx context.Context, _ *jobs.Task) error {
		n := running.Add(1)
		defer running.Add(-1)
		if n > most.Load() {
			most.Store(n)
		}
		together <- struct{}{} // of which there are three at a time, see below
		select {
		case <-ran:
		case <-ctx.Done():
		}
		return nil
	}, &jobs.KindOptions{AtOnce: 3}))
	last := int64(0)
	for range 12 {
		last = h.submit(jobs.Job{Kind: "film"}).ID
	}
	begin := time.Now()
	for range 4 {
		for range 3 {
			receive(t, together, "three run")
		}
		for range 3 {
			ran <- struct{}{}
		}
	}
	h.reaches(last, jobs.Done)
	t.Logf("it took %v; free slots that are left free until the next poll take 5 s", time.Since(begin))
	if most.Load() != 3 {
		t.Errorf("%d ran at once", most.Load())
	}
}

func lanes(t *testing.T, p Place) {
	var running atomic.Int32
	ran := make(chan string, 100)
	handle := func(_ context.Context, k *jobs.Task) error {
		if running.Add(1) > 1 {
			t.Error("two at once")
		}
		defer running.Add(-1)
		ran <- k.Kind
		return nil
	}
	h := queue(t, p.Jobs, jobs.Options{}, func(q *jobs.Queue) error {
		if err := q.Handle("sound", handle, &jobs.KindOptions{Lane: "ffmpeg", AtOnce: 1}); err != nil {
			return err
		}
		if err := q.Handle("odd", handle, &jobs.KindOptions{Lane: "ffmpeg", AtOnce: 2}); err == nil {
			t.Error("a lane of one was made one of two")
		}
		return q.Handle("picture", handle, &jobs.KindOptions{Lane: "ffmpeg"})
	})
	h.submit(jobs.Job{Kind: "sound"})
	h.submit(jobs.Job{Kind: "picture"})
	h.submit(jobs.Job{Kind: "picture", Priority: jobs.Urgent})
	h.submit(jobs.Job{Kind: "sound"})
	if err := h.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer h.stop()
	var got []string
	for range 4 {
		got = append(got, receive(t, ran, "a job"))
	}
	if d := cmp.Diff([]string{"picture", "sound", "picture", "sound"}, got); d != "" {
		t.Error(d)
	}
}

func unique(t *testing.T, p Place) {
	goOn := make(chan struct{})
	h := start(t, p.Jobs, jobs.Options{}, func(q *jobs.Queue) error {
		for _, kind := range []string{"film", "poster"} {
			if err := q.Handle(kind, func(ctx context.Context, _ *jobs.Task) error {
				select {
				case <-goOn:
				case <-ctx.Done():
				}
				return nil
			}, nil); err != nil {
				return err
			}
		}
		return nil
	})
	first := h.submit(jobs.Job{Kind: "film", Unique: "a", Owner: "ann"})
	if first.Duplicate {
		t.Error("the first is a duplicate")
	}
	h.reaches(first.ID, jobs.Running)
	again := h.submit(jobs.Job{Kind: "film", Unique: "a", Owner: "bob"})
	if again.ID != first.ID || !again.Duplicate || again.Owner != "ann" || again.Unique != "a" || again.State != jobs.Running {
		t.Errorf("again: %+v", again)
	}
	for i, j := range []jobs.Job{{Kind: "film", Unique: "b"}, {Kind: "poster", Unique: "a"}, {Kind: "film"}, {Kind: "film"}} {
		if got := h.submit(j); got.ID == first.ID || got.Duplicate {
			t.Error(fmt.Sprint("another, ", i, ": ", got))
		}
	}
	close(goOn)
	h.reaches(first.ID, jobs.Done)
	if later := h.submit(jobs.Job{Kind: "film", Unique: "a"}); later.ID == first.ID || later.Duplicate {
		t.Errorf("after its end: %+v", later)
	}
}
