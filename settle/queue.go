package settle

import (
	"context"
	"sync"
	"time"
)

// queue holds the assets that are to be looked at, each once.
type queue struct {
	mu     sync.Mutex
	some   *sync.Cond
	ids    []string
	in     map[string]bool
	timers map[string]*time.Timer // those that are put in later
	closed bool
}

func newQueue() *queue {
	q := &queue{in: map[string]bool{}, timers: map[string]*time.Timer{}}
	q.some = sync.NewCond(&q.mu)
	return q
}

func (q *queue) add(id string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if t := q.timers[id]; t != nil {
		t.Stop()
		delete(q.timers, id)
	}
	if q.closed || q.in[id] {
		return
	}
	q.in[id] = true
	q.ids = append(q.ids, id)
	q.some.Signal()
}

// later adds it in a while, unless that is to happen sooner.
func (q *queue) later(id string, wait time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed || q.in[id] || q.timers[id] != nil {
		return
	}
	q.timers[id] = time.AfterFunc(wait, func() { q.add(id) })
}

// take waits for the next one; false once the queue is closed.
func (q *queue) take() (string, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.ids) == 0 && !q.closed {
		q.some.Wait()
	}
	if q.closed {
		return "", false
	}
	id := q.ids[0]
	q.ids = q.ids[1:]
	delete(q.in, id)
	return id, true
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	for _, t := range q.timers {
		t.Stop()
	}
	q.some.Broadcast()
}

// Queue has an asset looked at in the background, once Start was called: for
// instance when it became ready. It never blocks.
func (s *Settler) Queue(assetID string) { s.queue.add(assetID) }

// Stop lets what runs end, which it is told to do at once: an asset that is being
// settled is begun anew another time. When ctx ends first, Stop returns its error.
// Stopping twice, or what was not started, is no error.
func (s *Settler) Stop(ctx context.Context) error {
	s.mu.Lock()
	s.over = true
	cancel := s.cancel
	s.mu.Unlock()
	s.queue.close()
	if cancel != nil {
		cancel()
	}
	done := make(chan struct{})
	go func() {
		s.running.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
