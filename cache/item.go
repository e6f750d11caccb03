package cache

import (
	"slices"
	"time"
)

// Forever is the TTL of an Item that does not expire, whatever Options.TTL is.
const Forever time.Duration = -1

// Item is a value with all that can be said of it.
type Item[K comparable, V any] struct {
	Key   K
	Value V

	// TTL is how long it lives; 0 is Options.TTL, and Forever is until it is
	// evicted.
	TTL time.Duration

	// Cost is what it costs of Options.MaxCost; 0 is what Options.Cost says. With
	// Options.MaxEntries each costs 1.
	Cost int64

	// Tags are names by which DeleteTag finds it.
	Tags []string
}

// entry returns the item as an entry, made now.
func (c *Cache[K, V]) entry(it *Item[K, V], now int64) *entry[K, V] {
	e := &entry[K, V]{key: it.Key, value: it.Value, expires: expiry(now, it.TTL, c.o.TTL)}
	cost := c.costOf(it)
	if cost != 1 || len(it.Tags) > 0 {
		e.extra = &extra{cost: cost, tags: slices.Clone(it.Tags)}
	}
	return e
}

func (c *Cache[K, V]) costOf(it *Item[K, V]) int64 {
	switch {
	case c.o.MaxCost == 0:
		return 1
	case it.Cost > 0:
		return it.Cost
	case c.o.Cost != nil:
		return max(c.o.Cost(it.Key, it.Value), 1)
	}
	return 1
}

// failed returns an entry that remembers an error.
func (c *Cache[K, V]) failed(key K, err error, now int64) *entry[K, V] {
	return &entry[K, V]{key: key, expires: expiry(now, c.o.NegativeTTL, 0), extra: &extra{cost: 1, err: err}}
}

// expiry is when something ends that begins now; 0 is never.
func expiry(now int64, ttl, otherwise time.Duration) int64 {
	if ttl == 0 {
		ttl = otherwise
	}
	if ttl <= 0 || ttl > longestDuration-time.Duration(now) {
		return 0
	}
	return now + int64(ttl)
}
