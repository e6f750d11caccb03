package cache

import "context"

// Loader gets the value of a key from where it comes from. Its ctx carries the
// values of the one who asked first, and ends when nobody waits any more.
type Loader[K comparable, V any] func(ctx context.Context, key K) (V, error)

// ItemLoader is a Loader that also says how long the value is good, what it
// costs, and its tags. The Key of the Item is ignored.
type ItemLoader[K comparable, V any] func(ctx context.Context, key K) (Item[K, V], error)

// GetOrLoad returns the value of key, and loads it where there is none. Of any
// number who miss the same key at the same time, one load serves all. It runs in
// a goroutine of its own: who waits leaves with ctx, and the load goes on for
// the others. It is cancelled when the last has left.
//
// The error is that of the load, for all who wait, as it is; a *PanicError where
// the load panicked; or that of ctx. It is remembered for Options.NegativeTTL.
//
// A value whose key was set or deleted while it was loaded is given to those
// who asked before that, and is not kept; who asks later loads anew.
func (c *Cache[K, V]) GetOrLoad(ctx context.Context, key K, load Loader[K, V]) (V, error) {
	h := c.hash(key)
	if e := c.lookup(h, key); e != nil {
		c.counts.add(h, hits)
		return e.value, e.failure()
	}
	c.counts.add(h, misses)
	return c.loads.do(ctx, c, h, key, plain(load))
}

// GetOrLoadItem is GetOrLoad for values with a TTL, a cost or tags of their own.
func (c *Cache[K, V]) GetOrLoadItem(ctx context.Context, key K, load ItemLoader[K, V]) (V, error) {
	h := c.hash(key)
	if e := c.lookup(h, key); e != nil {
		c.counts.add(h, hits)
		return e.value, e.failure()
	}
	c.counts.add(h, misses)
	return c.loads.do(ctx, c, h, key, work[K, V]{load: load, tagged: true})
}

// work is what a flight does.
type work[K comparable, V any] struct {
	load   ItemLoader[K, V]
	tagged bool // the item may have tags
}

func plain[K comparable, V any](load Loader[K, V]) work[K, V] {
	return work[K, V]{load: func(ctx context.Context, key K) (Item[K, V], error) {
		v, err := load(ctx, key)
		return Item[K, V]{Value: v}, err
	}}
}

// loaded returns what is to be kept of a load: its item, that it failed, or
// nothing.
func (c *Cache[K, V]) loaded(it *Item[K, V], err error) *entry[K, V] {
	switch {
	case err == nil:
		return c.entry(it, c.now())
	case c.o.NegativeTTL > 0 && c.o.Negative(err):
		return c.failed(it.Key, err, c.now())
	}
	return nil
}

func (c *Cache[K, V]) keep(h uint64, e *entry[K, V]) {
	if e == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.insert(h, e)
}
