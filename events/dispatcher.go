package events

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

const (
	defaultPoll       = 5 * time.Second
	defaultRetention  = 24 * time.Hour
	defaultMinBackoff = time.Second
	defaultMaxBackoff = 5 * time.Minute
	defaultWorkers    = 4

	fetchPage = 100    // events asked of the Log at a time
	maxHeld   = 10_000 // events held at most while handlers fail

	// wakePause is between two readings that it was woken for: many changes at the
	// same time are read together.
	wakePause = 20 * time.Millisecond

	// Marking is a write of its own, and one for each event would slow down the
	// very changes that the events tell of.
	markDelay = 250 * time.Millisecond // how long what was delivered waits to be marked
	markBatch = 256                    // unless so many wait
)

// HandlerFunc does what follows from an event. An error lets it be called again
// with the same event, until it returns nil: it must bear being called twice.
type HandlerFunc func(ctx context.Context, e Event) error

// DispatcherOptions are the options of NewDispatcher; nil means the defaults.
type DispatcherOptions struct {
	// Live gets each event once, in the order of the IDs, before the handlers
	// do and whether they succeed or not; of a Shared Log also what other processes
	// wrote. Default: none.
	Live *Bus
	// Seen is called with what Live gets from the Log, before it does: for what each
	// process remembers of its own. It must not block. Default: nobody is told.
	Seen func(Event)
	// Heard is called with what another process has published (Dispatcher.Publish), one
	// after the other, and calls show, before it returns, with what Live is to get of it,
	// if anything. It must not block. Default: Live gets it as it is.
	Heard func(e Event, show func(Event))
	// Poll is how often the Log is asked when nobody calls Wake. Default: 5 s.
	Poll time.Duration
	// Retention is how long delivered events are kept for clients that were
	// away. Default: 24 h.
	Retention time.Duration
	// MinBackoff is the time before the first retry; it doubles with each more,
	// up to MaxBackoff. Defaults: 1 s, 5 min.
	MinBackoff, MaxBackoff time.Duration
	// Workers is how many events are handled at the same time. Default: 4.
	Workers int
	// Logger is told of handlers that fail and of a Log that does not answer:
	// nobody else hears of it. Default: slog.Default().
	Logger *slog.Logger
}

// Dispatcher carries the events of a Log to the handlers, each event at least
// once to each handler, also over a crash. The events of one asset are handled
// one after the other, in the order of their IDs; those of different assets do
// not wait for each other.
//
// Of the Dispatchers on a Shared Log one calls its handlers, and another goes on
// once that one is stopped, or silent for 15 s; all should have the same.
type Dispatcher struct {
	id       string // of this process among those that share the Log
	fleet    *fleet // nil where the Log is not Shared
	log      Log
	o        DispatcherOptions
	handlers []handler
	wake     chan struct{}

	mu   sync.Mutex
	stop context.CancelFunc // nil until Start
	kill context.CancelFunc
	done chan struct{}
}

type handler struct {
	name  string
	types map[Type]bool // empty: all
	call  HandlerFunc
}

// NewDispatcher returns a Dispatcher of log that does nothing until Start.
func NewDispatcher(log Log, o *DispatcherOptions) *Dispatcher {
	d := &Dispatcher{log: log, id: rand.Text(), wake: make(chan struct{}, 1)}
	if o != nil {
		d.o = *o
	}
	setDefault(&d.o.Poll, defaultPoll)
	setDefault(&d.o.Retention, defaultRetention)
	setDefault(&d.o.MinBackoff, defaultMinBackoff)
	setDefault(&d.o.MaxBackoff, defaultMaxBackoff)
	setDefault(&d.o.Workers, defaultWorkers)
	if d.o.Logger == nil {
		d.o.Logger = slog.Default()
	}
	if shared, ok := log.(Shared); ok {
		d.fleet = newFleet(d, shared)
	}
	return d
}

// Publish hands an event that is in no Log to Live, and to that of other processes
// where the Log is Shared. It never blocks; what there is no room for is dropped.
func (d *Dispatcher) Publish(e Event) {
	d.live(e)
	if d.fleet != nil {
		d.fleet.tell(e)
	}
}

// show has an event of the Log seen here.
func (d *Dispatcher) show(e Event) {
	if d.o.Seen != nil {
		d.o.Seen(e)
	}
	d.live(e)
}

// hear has an event heard that another process has published.
func (d *Dispatcher) hear(e Event) {
	if d.o.Heard != nil {
		d.o.Heard(e, d.live)
		return
	}
	d.live(e)
}

func (d *Dispatcher) live(e Event) {
	if d.o.Live != nil {
		d.o.Live.Publish(e)
	}
}

// Handle adds a handler for events of these types, or of all when none is
// named. The name is for the log. It must not be called after Start.
func (d *Dispatcher) Handle(name string, call HandlerFunc, types ...Type) {
	d.handlers = append(d.handlers, handler{name, setOf(types), call})
}

// Wake says that there may be something new in the Log. It never blocks.
func (d *Dispatcher) Wake() {
	if d.fleet != nil {
		d.fleet.notice()
	}
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// Start runs the Dispatcher until Stop. Handlers get the values of ctx; its end
// does not end them. An error is that of a Shared Log, which is asked where to begin.
func (d *Dispatcher) Start(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stop != nil {
		return errors.New("events: the dispatcher was started before")
	}
	var last int64
	if d.fleet != nil {
		var err error
		if last, err = d.fleet.log.Last(ctx); err != nil {
			return fmt.Errorf("events: starting: %w", err)
		}
	}
	ctx = context.WithoutCancel(ctx)
	var loop, work context.Context
	work, d.kill = context.WithCancel(ctx)
	loop, d.stop = context.WithCancel(work)
	d.done = make(chan struct{})
	go func() {
		defer close(d.done)
		var beside sync.WaitGroup
		if d.fleet != nil {
			beside.Go(func() { d.fleet.watch(loop, last) })
			beside.Go(func() { d.fleet.listen(loop) })
			beside.Go(func() { d.fleet.talk(loop) })
		}
		newDispatch(d).run(loop, work)
		beside.Wait()
	}()
	return nil
}

// Stop lets the handlers that are running finish and ends the Dispatcher. When
// ctx ends first, their context ends too, and Stop returns its error without
// waiting for a handler that does not heed it. Stopping twice, or what was not
// started, is no error.
func (d *Dispatcher) Stop(ctx context.Context) error {
	d.mu.Lock()
	stop, kill, done := d.stop, d.kill, d.done
	d.mu.Unlock()
	if stop == nil {
		return nil
	}
	stop()
	defer kill()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("events: handlers were still running: %w", ctx.Err())
	}
}
