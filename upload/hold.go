package upload

import (
	"cmp"
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/metadata"
)

const (
	// deadAfter is how long a writer's client may be silent while a newcomer
	// waits to take its place. A client that lost its network is back before its
	// old connection is known to be dead, and one that sends is seen to.
	deadAfter = 50 * time.Millisecond
	// watchEvery is how often a newcomer looks.
	watchEvery = 5 * time.Millisecond
	// busyWait bounds the wait for a writer that does not read: it completes the
	// upload, or its disk is slow.
	busyWait = 2 * time.Second
	// seizeWait bounds the wait for a writer that was told to stop: its disk may
	// not answer.
	seizeWait = 5 * time.Second
	// askWait bounds the wait of a reader for what it asked.
	askWait = time.Second
)

// holds are the uploads that a request of this process is writing to, one each.
type holds struct {
	mu       sync.Mutex
	of       map[string]*hold
	draining bool
	patience time.Duration // deadAfter; only tests have another
}

// A hold is the exclusive right to write to an upload. Whoever wants it instead
// interrupts the holder and waits for done; until then the holder may write, and
// after it never again.
type hold struct {
	id   string
	all  *holds
	done chan struct{}
	asks chan chan<- struct{} // closed by the holder once what came is durable
	pipe atomic.Pointer[pipe] // what the holder reads from; nil while it does not

	once  sync.Once
	stop  chan struct{} // closed when the holder must stop
	cause error         // why, once stop is closed
}

// take returns ErrLocked when another has the upload, ErrDraining at the end.
func (hs *holds) take(id string) (*hold, error) {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	if hs.draining {
		return nil, errDraining()
	}
	if hs.of[id] != nil {
		return nil, problem.Errorf(ErrLocked, "another request is writing to this upload; ask for its offset and go on from there")
	}
	if hs.of == nil {
		hs.of = make(map[string]*hold)
	}
	h := &hold{id: id, all: hs, done: make(chan struct{}), stop: make(chan struct{}), asks: make(chan chan<- struct{})}
	hs.of[id] = h
	return h, nil
}

// enter is take for a request that reads a body and writes to no upload yet: so
// that drain ends it.
func (hs *holds) enter() (*hold, error) { return hs.take(metadata.NewID()) }

// seize is take, but a holder for which stop says so is ended first. stop may
// wait.
func (hs *holds) seize(ctx context.Context, id string, cause error, stop func(context.Context, *hold) bool) (*hold, error) {
	ctx, cancel := context.WithTimeout(ctx, seizeWait)
	defer cancel()
	for {
		h, err := hs.take(id)
		if err == nil {
			return h, nil
		}
		other := hs.get(id)
		if other == nil {
			if hs.isDraining() {
				return nil, err
			}
			continue
		}
		if !stop(ctx, other) {
			return nil, err
		}
		other.interrupt(cause)
		select {
		case <-other.done:
		case <-ctx.Done():
			return nil, err
		}
	}
}

func (hs *holds) get(id string) *hold {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	return hs.of[id]
}

func (hs *holds) isDraining() bool {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	return hs.draining
}

// drain refuses further holds, ends those that there are and waits for them.
func (hs *holds) drain(ctx context.Context) error {
	hs.mu.Lock()
	hs.draining = true
	running := make([]*hold, 0, len(hs.of))
	for _, h := range hs.of {
		running = append(running, h)
	}
	hs.mu.Unlock()

	for _, h := range running {
		h.interrupt(errDraining())
	}
	for _, h := range running {
		select {
		case <-h.done:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

func errDraining() error {
	return &problem.Error{
		Kind:   problem.KindOf(ErrDraining),
		Detail: "the server is shutting down; what was acknowledged is kept, resume in a moment",
		Fields: map[string]any{problem.RetryAfter: 5 * time.Second},
	}
}

// anybody, nobody and dead say which holders a newcomer may end: whoever
// cancels, reads, or would write.
func anybody(context.Context, *hold) bool { return true }

func nobody(context.Context, *hold) bool { return false }

// dead watches a holder until it shows whether its client is there.
func dead(ctx context.Context, h *hold) bool {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	patience := cmp.Or(h.all.patience, deadAfter)
	begin, reads := time.Now(), h.reads()
	for {
		watched := time.Since(begin)
		switch {
		case h.silence() >= patience:
			return true
		case watched >= patience && h.reads() != reads, watched >= busyWait:
			return false
		}
		select {
		case <-h.done:
			return true // nobody is there to be ended
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
	}
}

// silence is how long the holder has waited for its client.
func (h *hold) silence() time.Duration {
	p := h.pipe.Load()
	if p == nil {
		return 0
	}
	since := p.since.Load()
	if since == 0 {
		return 0
	}
	return time.Since(time.Unix(0, since))
}

func (h *hold) reads() int64 {
	if p := h.pipe.Load(); p != nil {
		return p.reads.Load()
	}
	return 0
}

// writeDown has the holder make durable what came so far, and write that down.
// It waits for that as long as a reader can be expected to.
func (h *hold) writeDown(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, askWait)
	defer cancel()
	written := make(chan struct{})
	select {
	case h.asks <- written:
	case <-h.done:
		return
	case <-ctx.Done():
		return
	}
	select {
	case <-written:
	case <-h.done:
	case <-ctx.Done():
	}
}

// interrupt asks the holder to stop for the sake of cause. The first cause counts.
func (h *hold) interrupt(cause error) {
	h.once.Do(func() {
		h.cause = cause
		close(h.stop)
	})
}

// interrupted returns why the holder must stop, or nil.
func (h *hold) interrupted() error {
	select {
	case <-h.stop:
		return h.cause
	default:
		return nil
	}
}

func (h *hold) release() {
	h.all.mu.Lock()
	delete(h.all.of, h.id)
	h.all.mu.Unlock()
	close(h.done)
}
