package hls

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
)

// flights lets many callers wait for one piece of work: the first viewers of a
// film all come at once, and it is parsed once.
type flights[T any] struct {
	mu sync.Mutex
	on map[string]*flight[T]
}

type flight[T any] struct {
	done    chan struct{} // closed when value and err are there
	value   T
	err     error
	waiting int
	cancel  context.CancelFunc
}

// do returns what work returns, called at most once at a time for each key. The
// work outlives a caller whose ctx ends, and is cancelled with its last one. It
// carries the values of the first caller's ctx.
func (f *flights[T]) do(ctx context.Context, key string, work func(context.Context) (T, error)) (T, error) {
	c := f.join(ctx, key, work)
	select {
	case <-c.done:
	case <-ctx.Done():
		f.leave(key, c)
		var none T
		return none, ctx.Err()
	}
	return c.value, c.err
}

func (f *flights[T]) join(ctx context.Context, key string, work func(context.Context) (T, error)) *flight[T] {
	f.mu.Lock()
	defer f.mu.Unlock()
	if c, ok := f.on[key]; ok {
		c.waiting++
		return c
	}
	if f.on == nil {
		f.on = make(map[string]*flight[T])
	}
	c := &flight[T]{done: make(chan struct{}), waiting: 1}
	ctx, c.cancel = context.WithCancel(context.WithoutCancel(ctx))
	f.on[key] = c
	go f.run(ctx, key, c, work)
	return c
}

func (f *flights[T]) run(ctx context.Context, key string, c *flight[T], work func(context.Context) (T, error)) {
	defer func() {
		if p := recover(); p != nil { // else a file that trips a parser would end the process
			c.err = fmt.Errorf("panic while preparing %q: %v\n%s", key, p, debug.Stack())
		}
		f.forget(key, c)
		c.cancel()
		close(c.done)
	}()
	c.value, c.err = work(ctx)
}

// leave cancels the work when nobody waits for it any more.
func (f *flights[T]) leave(key string, c *flight[T]) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c.waiting--
	if c.waiting == 0 {
		c.cancel()
		if f.on[key] == c {
			delete(f.on, key) // who comes now begins anew
		}
	}
}

func (f *flights[T]) forget(key string, c *flight[T]) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.on[key] == c {
		delete(f.on, key)
	}
}
