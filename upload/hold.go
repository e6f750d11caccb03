package upload

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/metadata"
)

// staleAfter is how long a writer may be silent before a newcomer may take its
// place: a client that lost its network comes back sooner than its old
// connection is known to be dead.
const staleAfter = 2 * time.Second

// seizeWait bounds the wait for a writer that was told to stop, in case its
// connection takes no deadlines.
const seizeWait = 5 * time.Second

// holds are the uploads that a request of this process is writing to, one each.
type holds struct {
	mu       sync.Mutex
	of       map[string]*hold
	draining bool
}

// A hold is the exclusive right to write to an upload. Whoever wants it instead
// interrupts the holder and waits for done.
type hold struct {
	id   string
	all  *holds
	done chan struct{}
	// since is from when on the holder has waited for its client, in Unix
	// nanoseconds; 0 while it does not: a slow disk is not the client's silence.
	since atomic.Int64

	mu    sync.Mutex
	cause error // why the holder must stop
	wake  func()
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
	h := &hold{id: id, all: hs, done: make(chan struct{})}
	hs.of[id] = h
	return h, nil
}

// enter is take for a request that reads a body and writes to no upload yet: so
// that drain ends it.
func (hs *holds) enter() (*hold, error) { return hs.take(metadata.NewID()) }

// seize is take, but a holder for which stop says so is ended first.
func (hs *holds) seize(ctx context.Context, id string, cause error, stop func(*hold) bool) (*hold, error) {
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
		if !stop(other) {
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

// anybody, nobody and stale say which holders a newcomer may end: whoever
// cancels, reads, or would write.
func anybody(*hold) bool { return true }

func nobody(*hold) bool { return false }

func stale(h *hold) bool {
	since := h.since.Load()
	return since != 0 && time.Since(time.Unix(0, since)) > staleAfter
}

// interrupt asks the holder to stop for the sake of cause. The first cause counts.
func (h *hold) interrupt(cause error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.cause != nil {
		return
	}
	h.cause = cause
	if h.wake != nil {
		h.wake()
	}
}

// interrupted returns why the holder must stop, or nil.
func (h *hold) interrupted() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.cause
}

func (h *hold) release() {
	h.all.mu.Lock()
	delete(h.all.of, h.id)
	h.all.mu.Unlock()
	close(h.done)
}
