package jobs

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/riverqueue/river"

	"github.com/streamgate/streamgate/jobs/internal/backend"
)

const (
	// fetchCooldown is how soon after a fetch the next may come. River's default of
	// 100 ms is what a job would wait for on average.
	fetchCooldown = 5 * time.Millisecond
	// fetchPoll is how often to look for jobs that nobody has told of.
	fetchPoll = 5 * time.Second
)

// worker is what runs between Start and Stop.
type worker struct {
	q      *Queue
	pilot  *pilot
	client backend.Client // nil where nothing runs here
	due    *due

	cancel context.CancelFunc // of what runs beside the client
	beside sync.WaitGroup

	once, closeOnce sync.Once
	done            chan struct{} // closed when all is over
}

func (q *Queue) startWorker(ctx context.Context) (*worker, error) {
	if err := q.join(ctx); err != nil {
		return nil, err
	}
	w := &worker{q: q, pilot: &pilot{q: q, broken: map[int64]bool{}}, due: newDue(), done: make(chan struct{})}
	ctx = context.WithoutCancel(ctx)
	if err := w.startClient(ctx); err != nil {
		return nil, err
	}
	ctx, w.cancel = context.WithCancel(ctx)
	w.beside.Go(func() { w.runDue(ctx) })
	w.beside.Go(func() { w.sweep(ctx) })
	for _, c := range q.crons {
		w.beside.Go(func() { c.run(ctx, q) })
	}
	w.beside.Go(func() { w.beat(ctx) })
	return w, nil
}

// startClient starts River's client for the lanes that run here; none where this
// process only submits.
func (w *worker) startClient(ctx context.Context) error {
	workers, lanes := river.NewWorkers(), map[string]river.QueueConfig{}
	for name, k := range w.q.kinds {
		if k.handler == nil {
			continue
		}
		river.AddWorkerArgs(workers, args{kind: name}, river.Worker[args](bridge{q: w.q, pilot: w.pilot}))
		lanes[k.o.Lane] = river.QueueConfig{MaxWorkers: max(w.q.lanes[k.o.Lane], 1)}
	}
	if len(lanes) == 0 {
		return nil
	}
	c, err := w.q.db.Client(w.pilot, &river.Config{
		ID: w.q.node, Queues: lanes, Workers: workers, FetchOnlyKnownKinds: true, SkipUnknownJobCheck: true,
		FetchCooldown: fetchCooldown, FetchPollInterval: fetchPoll,
		JobTimeout:             -1,   // KindOptions.Timeout
		LeaderElectionDisabled: true, // what a leader does, due, sweep and rescue do
		Logger:                 slog.New(onlyErrors{w.q.o.Logger.Handler()}),
	})
	if err != nil {
		return err
	}
	w.client = c
	return c.Start(ctx)
}

// onlyErrors keeps from River's notes what is none of an operator's business.
type onlyErrors struct{ slog.Handler }

func (h onlyErrors) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelError && h.Handler.Enabled(ctx, l)
}

func (h onlyErrors) WithAttrs(a []slog.Attr) slog.Handler { return onlyErrors{h.Handler.WithAttrs(a)} }

func (h onlyErrors) WithGroup(name string) slog.Handler { return onlyErrors{h.Handler.WithGroup(name)} }

// stop ends it once, and waits for that as long as ctx lives.
func (w *worker) stop(ctx context.Context) error {
	w.once.Do(func() { go w.shutDown() })
	var grace <-chan time.Time
	if w.q.o.Grace >= 0 {
		grace = time.After(w.q.o.Grace)
	}
	for {
		select {
		case <-w.done:
			return nil
		case <-grace:
			w.q.endAll()
		case <-ctx.Done():
			w.q.endAll()
			w.closeOnce.Do(func() { close(w.q.closed) })
			return ctx.Err()
		}
	}
}

// shutDown ends what runs: first no further job is begun, then those that run end,
// and last goes what they need.
func (w *worker) shutDown() {
	defer close(w.done)
	ctx := context.Background()
	if w.client != nil {
		if err := w.client.Stop(ctx); err != nil {
			w.q.o.Logger.ErrorContext(ctx, "the worker of jobs does not stop as it should", "error", err)
		}
	}
	w.cancel()
	w.beside.Wait()
	w.q.leave(ctx)
}

// endAll ends the contexts of all tasks, and of those that are yet to begin.
func (q *Queue) endAll() {
	q.mu.Lock()
	q.ending = true
	q.mu.Unlock()
	for _, t := range q.tasks() {
		t.end(ErrStopping)
	}
}
