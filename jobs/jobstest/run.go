// Package jobstest is the suite that a queue passes over each database: the
// sentences of package jobs as tests.
//
//	func TestQueue(t *testing.T) {
//		jobstest.Run(t, func(t *testing.T) jobstest.Place { return openMine(t) })
//	}
package jobstest

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/jobs"
	"github.com/streamgate/streamgate/metadata"
)

// Place is a database as one process, or several, see it.
type Place struct {
	Jobs     jobs.Database
	Metadata metadata.Store // in the same database
	// Another opens the same database as another process would; nil where one
	// process owns it.
	Another func(t *testing.T) jobs.Database
}

type test struct {
	name string
	run  func(t *testing.T, p Place)
}

// Run runs the suite. open returns an empty database, a new one for each call, and
// sees to its end with t.Cleanup.
func Run(t *testing.T, open func(t *testing.T) Place) {
	t.Helper()
	for _, group := range []struct {
		name  string
		tests []test
	}{
		{"running", runTests},
		{"failing", failureTests},
		{"order", orderTests},
		{"times", timeTests},
		{"control", controlTests},
		{"transactions", transactionTests},
		{"leases", leaseTests},
		{"listing", listTests},
		{"several processes", sharedTests},
	} {
		t.Run(group.name, func(t *testing.T) {
			for _, test := range group.tests {
				t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
			}
		})
	}
}

// patience is for what must happen on a machine that is busy.
const patience = 60 * time.Second

// house is a Queue whose events can be waited for.
type house struct {
	*jobs.Queue

	t *testing.T

	mu    sync.Mutex
	heard []events.Event
	news  chan struct{}
}

// queue makes a Queue that is not started; handle registers its kinds.
func queue(t *testing.T, db jobs.Database, o jobs.Options, handle func(q *jobs.Queue) error) *house {
	t.Helper()
	h := &house{t: t, news: make(chan struct{}, 1)}
	o.Publish, o.Logger = h.hear, slog.New(slog.NewTextHandler(t.Output(), nil))
	q, err := jobs.New(db, &o)
	if err != nil {
		t.Fatal(err)
	}
	h.Queue = q
	if err := handle(q); err != nil {
		t.Fatal(err)
	}
	return h
}

// start is queue, started until the end of the test.
func start(t *testing.T, db jobs.Database, o jobs.Options, handle func(q *jobs.Queue) error) *house {
	t.Helper()
	h := queue(t, db, o, handle)
	if err := h.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.stop)
	return h
}

// one registers a kind.
func one(kind string, h jobs.Handler, o *jobs.KindOptions) func(q *jobs.Queue) error {
	return func(q *jobs.Queue) error { return q.Handle(kind, h, o) }
}

func (h *house) stop() {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := h.Stop(ctx); err != nil {
		h.t.Errorf("Stop: %v", err)
	}
}

func (h *house) hear(e events.Event) {
	h.mu.Lock()
	h.heard = append(h.heard, e)
	h.mu.Unlock()
	select {
	case h.news <- struct{}{}:
	default:
	}
}

// hears waits for an event.
func (h *house) hears(what string, is func(e events.Event) bool) {
	h.t.Helper()
	late := time.After(patience)
	for seen := 0; ; {
		h.mu.Lock()
		list := h.heard[seen:]
		h.mu.Unlock()
		seen += len(list)
		if slices.ContainsFunc(list, is) {
			return
		}
		select {
		case <-h.news:
		case <-late:
			h.t.Fatalf("nobody said: %s", what)
		}
	}
}

// reaches waits until a job is in a state, as events tell, and returns it.
func (h *house) reaches(id int64, s jobs.State) *jobs.Job {
	h.t.Helper()
	h.hears("job reaches "+string(s), func(e events.Event) bool {
		return e.Data["job"] == id && e.Data["state"] == string(s)
	})
	return h.get(id)
}

// becomes waits until a job is in a state, whoever sees to it.
func (h *house) becomes(id int64, s jobs.State) *jobs.Job {
	h.t.Helper()
	for late := time.Now().Add(patience); ; {
		j := h.get(id)
		if j.State == s {
			return j
		}
		if time.Now().After(late) {
			h.t.Fatalf("job %d is %s and never became %s", id, j.State, s)
		}
		<-time.After(5 * time.Millisecond) // another process tells nobody here
	}
}

func (h *house) get(id int64) *jobs.Job {
	h.t.Helper()
	j, err := h.Get(h.t.Context(), id)
	if err != nil {
		h.t.Fatal(err)
	}
	return j
}

func (h *house) submit(j jobs.Job) *jobs.Job {
	h.t.Helper()
	got, err := h.Submit(h.t.Context(), j)
	if err != nil {
		h.t.Fatal(err)
	}
	return got
}

// receive waits for something on a channel.
func receive[T any](t *testing.T, c <-chan T, what string) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(patience):
		t.Fatalf("it never came: %s", what)
	}
	return v
}

// untilEnded is a handler that says when it begins, and why its context ended.
func untilEnded(begun chan<- *jobs.Task, why chan<- error) jobs.Handler {
	return func(ctx context.Context, t *jobs.Task) error {
		begun <- t
		<-ctx.Done()
		why <- context.Cause(ctx)
		return ctx.Err()
	}
}

func raw(v any) json.RawMessage {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return text
}
