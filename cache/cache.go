package cache

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"
)

// Cache keeps values of V by keys of K. All methods may be called concurrently.
// The zero value is of no use: New makes one, and Close ends it.
//
// A value is shared by all who get it: nobody may change what it points to. A
// key that is not equal to itself (a NaN) is never kept.
type Cache[K comparable, V any] struct {
	o     Options[K, V]
	max   int64 // cost
	began time.Time

	seed     maphash.Seed
	hashMask uint64 // all bits, but in tests of collisions

	found  atomic.Pointer[table[K, V]]
	uses   *sketch
	counts tallies

	mu     sync.Mutex // for all that writes
	closed bool
	window window[K, V]
	main   *region[K, V]
	cost   int64
	tagged map[string]map[*entry[K, V]]struct{}
	swept  uint64 // up to which slot expired entries were looked for

	loads flights[K, V]
}

// New returns an empty cache. It starts goroutines of ristretto, which Close
// ends. An error says which of the options cannot work.
func New[K comparable, V any](o *Options[K, V]) (*Cache[K, V], error) {
	d, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	c := &Cache[K, V]{
		o:        d,
		max:      max(int64(d.MaxEntries), d.MaxCost),
		began:    time.Now(),
		seed:     maphash.MakeSeed(),
		hashMask: ^uint64(0),
		uses:     newSketch(int64(d.Expected)),
	}
	c.window.max = d.window()
	if c.main, err = newRegion[K, V](c.max-c.window.max, int64(d.Expected)); err != nil {
		return nil, err
	}
	c.found.Store(newTable[K, V](minSlots, c.hash))
	return c, nil
}

func (c *Cache[K, V]) hash(key K) uint64 { return maphash.Comparable(c.seed, key) & c.hashMask }

// now is the time since the cache began, in nanoseconds: cheaper than time.Now.
func (c *Cache[K, V]) now() int64 { return int64(time.Since(c.began)) + 1 }

// Get returns the value of key, if there is one.
func (c *Cache[K, V]) Get(key K) (V, bool) {
	h := c.hash(key)
	if e := c.lookup(h, key); e != nil && e.failure() == nil {
		c.counts.add(h, hits)
		return e.value, true
	}
	c.counts.add(h, misses)
	var none V
	return none, false
}

// lookup returns an entry that has not expired, and counts its use.
func (c *Cache[K, V]) lookup(h uint64, key K) *entry[K, V] {
	e := c.peek(h, key)
	if e != nil {
		c.uses.add(h)
		c.main.used(h, e)
	}
	return e
}

// peek returns an entry that has not expired.
func (c *Cache[K, V]) peek(h uint64, key K) *entry[K, V] {
	e := c.found.Load().find(h, key)
	if e != nil && e.expires != 0 && e.expired(c.now()) {
		c.expire(h, e)
		return nil
	}
	return e
}

// expire takes out an entry that is still there after its time.
func (c *Cache[K, V]) expire(h uint64, e *entry[K, V]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e.place != gone {
		c.take(h, e)
		c.counts.add(h, expirations)
		c.pace()
	}
}

// Set keeps a value under key, in place of what was there. The next Get has it.
// When the cache is full it may be evicted, but not before others were set that
// cost a 64th of the cache, and are 16 or more where entries are counted.
func (c *Cache[K, V]) Set(key K, value V) { c.SetItem(Item[K, V]{Key: key, Value: value}) }

// SetItem is Set with a TTL, a cost or tags. An item that alone costs more than
// Options.MaxCost is not kept, and neither is what it replaces.
func (c *Cache[K, V]) SetItem(it Item[K, V]) {
	c.loads.overtakeKey(it.Key) // what is loaded now may be older
	e := c.entry(&it, c.now())
	c.mu.Lock()
	defer c.mu.Unlock()
	c.insert(c.hash(it.Key), e)
}

// Delete takes out what is under key, and reports whether something was. What
// is being loaded for it will not be kept.
func (c *Cache[K, V]) Delete(key K) bool {
	c.loads.overtakeKey(key)
	h := c.hash(key)
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.found.Load().find(h, key)
	if e == nil {
		return false
	}
	was := !e.expired(c.now())
	c.take(h, e)
	c.pace()
	return was
}

// Close empties the cache and ends the goroutines of ristretto. A closed cache
// keeps nothing and finds nothing; GetOrLoad loads each time. Loads that are
// running go on for those who wait for them. It may be called more than once.
func (c *Cache[K, V]) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil
	}
	c.closed = true
	c.empty()
	c.main.close()
	return nil
}
