package events

import (
	"context"
	"net/http"
	"sync"

	"github.com/streamgate/streamgate/internal/problem"
)

// ErrClosed means that the server is stopping and that there is nothing to
// subscribe to any more.
var ErrClosed error = problem.NewKind(http.StatusServiceUnavailable, "events-closed", "The server is stopping")

const defaultBuffer = 64

// Bus hands events to those who listen now. It never waits for a listener: what
// one has no room for is dropped, and counted. Its methods may be called
// concurrently. It needs no goroutine.
type Bus struct {
	buffer int

	mu      sync.Mutex
	closed  bool
	byOwner map[string]map[*Subscription]struct{}
	dropped int64
}

// BusOptions are the options of NewBus; nil means the defaults.
type BusOptions struct {
	// Buffer is how many events a subscription holds for a listener that is
	// behind. Default: 64.
	Buffer int
}

// NewBus returns a Bus that nobody listens to.
func NewBus(o *BusOptions) *Bus {
	b := &Bus{buffer: defaultBuffer, byOwner: make(map[string]map[*Subscription]struct{})}
	if o != nil && o.Buffer > 0 {
		b.buffer = o.Buffer
	}
	return b
}

// Subscribe listens to the events of one owner, from now until the
// Subscription is closed. ErrClosed after Close.
func (b *Bus) Subscribe(owner string) (*Subscription, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil, problem.Errorf(ErrClosed, "the server is stopping; connect again in a moment")
	}
	s := &Subscription{bus: b, owner: owner, events: make(chan Event, b.buffer)}
	if b.byOwner[owner] == nil {
		b.byOwner[owner] = make(map[*Subscription]struct{})
	}
	b.byOwner[owner][s] = struct{}{}
	return s, nil
}

// Publish hands e to those who listen to its owner. It never blocks.
func (b *Bus) Publish(e Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for s := range b.byOwner[e.Owner] {
		select {
		case s.events <- e:
		default:
			b.dropped++
			s.drop(e)
		}
	}
}

// Record publishes e: a Bus is a Recorder that refuses nothing.
func (b *Bus) Record(_ context.Context, e Event) error {
	b.Publish(e)
	return nil
}

// Dropped is how many events found no room in a subscription, ever.
func (b *Bus) Dropped() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.dropped
}

// Subscribers is how many subscriptions are open.
func (b *Bus) Subscribers() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, subs := range b.byOwner {
		n += len(subs)
	}
	return n
}

// Close ends all subscriptions, after what they hold, and refuses new ones.
func (b *Bus) Close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	for _, subs := range b.byOwner {
		for s := range subs {
			close(s.events)
		}
	}
	clear(b.byOwner)
}
