package cache

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
)

// PanicError is what a load failed with that panicked.
type PanicError struct {
	Value any    // of the panic
	Stack []byte // of the load
}

// Error has the stack, too.
func (e *PanicError) Error() string {
	return fmt.Sprintf("cache: a load panicked: %v\n%s", e.Value, e.Stack)
}

// errExited is what a load failed with that ended its goroutine.
var errExited = errors.New("cache: a load called runtime.Goexit")

// flights are the loads that run, at most one for each key that those who ask
// now may wait for. Its lock comes before Cache.mu.
type flights[K comparable, V any] struct {
	running atomic.Int64 // len(on)

	mu sync.Mutex
	on map[K]*flight[K, V]
}

// flight is one load.
type flight[K comparable, V any] struct {
	work[K, V]
	done    chan struct{} // closed when value and err are there
	value   V
	err     error
	waiting int
	cancel  context.CancelFunc
}

// do returns what w loads for key, or what somebody else just loaded.
func (f *flights[K, V]) do(ctx context.Context, c *Cache[K, V], h uint64, key K, w work[K, V]) (V, error) {
	var none V
	if err := ctx.Err(); err != nil {
		return none, err
	}
	l, e := f.join(ctx, c, h, key, w)
	if e != nil {
		return e.value, e.failure()
	}
	select {
	case <-l.done:
		return l.value, l.err
	case <-ctx.Done():
		f.leave(key, l)
		return none, ctx.Err()
	}
}

// join returns the flight for key, or an entry where one has just landed.
func (f *flights[K, V]) join(ctx context.Context, c *Cache[K, V], h uint64, key K, w work[K, V]) (*flight[K, V], *entry[K, V]) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if l, ok := f.on[key]; ok {
		l.waiting++
		return l, nil
	}
	if e := c.peek(h, key); e != nil {
		return nil, e
	}
	l := &flight[K, V]{work: w, done: make(chan struct{}), waiting: 1}
	ctx, l.cancel = context.WithCancel(context.WithoutCancel(ctx))
	if f.on == nil {
		f.on = make(map[K]*flight[K, V])
	}
	f.on[key] = l
	f.running.Add(1)
	go f.run(ctx, c, h, key, l)
	return l, nil
}

// run loads, and tells everybody, however the load ends.
func (f *flights[K, V]) run(ctx context.Context, c *Cache[K, V], h uint64, key K, l *flight[K, V]) {
	var e *entry[K, V]
	l.err = errExited
	defer func() {
		if p := recover(); p != nil {
			l.err = &PanicError{p, debug.Stack()}
		}
		c.counts.loaded(h, l.err)
		f.land(key, l, func() { c.keep(h, e) })
		l.cancel()
		close(l.done)
	}()
	it, err := l.load(ctx, key)
	it.Key = key
	e = c.loaded(&it, err)
	l.value, l.err = it.Value, err
}

// land calls keep, unless the flight was overtaken, and takes it off the list.
// Whoever overtakes it waits until it is done: so it stays on the list, and
// counts as running, until the entry is there to be deleted.
func (f *flights[K, V]) land(key K, l *flight[K, V], keep func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.on[key] == l {
		keep()
		f.remove(key)
	}
}

// leave is for who does not wait any longer. The last one cancels the load.
func (f *flights[K, V]) leave(key K, l *flight[K, V]) {
	f.mu.Lock()
	defer f.mu.Unlock()
	l.waiting--
	if l.waiting > 0 {
		return
	}
	l.cancel()
	if f.on[key] == l {
		f.remove(key) // who comes now begins anew
	}
}

func (f *flights[K, V]) remove(key K) {
	delete(f.on, key)
	f.running.Add(-1)
}

// overtakeKey makes a load that runs for key be of no use to who comes later. It
// is called before what it protects happens: a load that begins after the call
// sees what made the caller call.
func (f *flights[K, V]) overtakeKey(key K) {
	if f.running.Load() == 0 {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.on[key]; ok {
		f.remove(key)
	}
}

// overtake is overtakeKey for all loads that match.
func (f *flights[K, V]) overtake(match func(key K, tagged bool) bool) {
	if f.running.Load() == 0 {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for key, l := range f.on {
		if match(key, l.tagged) {
			f.remove(key)
		}
	}
}
