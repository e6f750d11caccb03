package streamgate

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/streamgate/streamgate/internal/middleware"
	"github.com/streamgate/streamgate/internal/problem"
)

// bodyGrace is how long drain lets bodies arrive, other than those of uploads.
const bodyGrace = time.Second

// requests counts those that are being served, so that nothing is closed under
// them. A sync.WaitGroup does not bear an Add beside a Wait.
type requests struct {
	mu      sync.Mutex
	running int
	refuse  bool
	idle    chan struct{} // made by drain, closed when nobody is left
	bodies  middleware.Bodies
}

// layer refuses requests once drain was called, and bounds how long bodies take.
func (q *requests) layer(next http.Handler) http.Handler {
	return q.bodies.Layer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !q.enter() {
			problem.Write(w, r, errStopping())
			return
		}
		defer q.leave()
		next.ServeHTTP(w, r)
	}))
}

func (q *requests) enter() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.refuse {
		return false
	}
	q.running++
	return true
}

func (q *requests) leave() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.running--
	if q.running == 0 && q.idle != nil {
		close(q.idle)
		q.idle = nil
	}
}

// drain refuses new requests and waits for those that run, but not for bodies
// that do not arrive. Uploads have been drained before.
func (q *requests) drain(ctx context.Context) error {
	q.mu.Lock()
	q.refuse = true
	if q.running == 0 {
		q.mu.Unlock()
		return nil
	}
	q.idle = make(chan struct{})
	idle, n := q.idle, q.running
	q.mu.Unlock()
	grace := time.NewTimer(bodyGrace)
	defer grace.Stop()
	for {
		select {
		case <-idle:
			return nil
		case <-grace.C:
			q.bodies.Expire()
		case <-ctx.Done():
			return fmt.Errorf("%d requests were still running: %w", n, ctx.Err())
		}
	}
}

func errStopping() error {
	return &problem.Error{
		Kind:   problem.KindOf(problem.ErrUnavailable),
		Detail: "the server is stopping; try again in a moment",
		Fields: map[string]any{problem.RetryAfter: 5 * time.Second},
	}
}
