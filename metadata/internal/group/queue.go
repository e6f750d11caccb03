package group

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// A queue gives one after another a turn, in the order in which they came. The zero
// value is ready to use.
type queue struct {
	mu      sync.Mutex
	taken   bool
	waiting []*place
	fresh   int // of those who wait, for their first turn
}

// A place is where somebody waits in a queue.
type place struct {
	turn  chan struct{} // closed when it is theirs
	fresh bool
}

// enter returns when the caller has the turn, or with why ctx ended first.
func (q *queue) enter(ctx context.Context) error {
	if ctx.Err() != nil {
		return gaveUp(ctx)
	}
	p := q.join()
	select {
	case <-p.turn:
		return nil
	case <-ctx.Done():
		q.quit(p)
		return gaveUp(ctx)
	}
}

func gaveUp(ctx context.Context) error {
	err := fmt.Errorf("wait for other writers: %w", ctx.Err())
	if cause := context.Cause(ctx); !errors.Is(ctx.Err(), cause) {
		return fmt.Errorf("%w: %w", cause, err)
	}
	return err
}

// join takes the turn if nobody has it, or waits for the first.
func (q *queue) join() *place {
	q.mu.Lock()
	defer q.mu.Unlock()
	p := &place{make(chan struct{}), true}
	if !q.taken {
		q.taken = true
		close(p.turn)
		return p
	}
	q.waiting = append(q.waiting, p)
	q.fresh++
	return p
}

// leave gives the turn to the next.
func (q *queue) leave() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.next()
}

// yield gives the turn to the next and waits behind all who do, if there is anybody
// fresh among them. nil where there is nobody, and the turn is the caller's still.
func (q *queue) yield() *place {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.fresh == 0 {
		return nil
	}
	p := &place{turn: make(chan struct{})}
	q.waiting = append(q.waiting, p)
	q.next()
	return p
}

func (q *queue) next() {
	if len(q.waiting) == 0 {
		q.taken = false
		return
	}
	p := q.waiting[0]
	q.waiting = q.waiting[1:]
	q.off(p)
	close(p.turn)
}

// quit takes a place out of the queue, or gives on the turn that has come meanwhile.
func (q *queue) quit(p *place) {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.Index(q.waiting, p)
	if i < 0 {
		q.next()
		return
	}
	q.waiting = slices.Delete(q.waiting, i, i+1)
	q.off(p)
}

func (q *queue) off(p *place) {
	if p.fresh {
		q.fresh--
	}
}

// Waiting is how many wait for their first turn.
func (q *queue) Waiting() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.fresh
}
