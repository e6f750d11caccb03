package cache

import "sync/atomic"

// place is where an entry is.
type place uint8

const (
	gone     place = iota // in no region: deleted, replaced, evicted, or not yet set
	inWindow              // among those set last
	inMain                // with ristretto
)

// entry is one key with its value. It never changes what it holds: another
// value is another entry, so that readers need no lock.
type entry[K comparable, V any] struct {
	key     K
	value   V
	expires int64         // nanoseconds since the cache began; 0 is never
	told    atomic.Uint32 // how often ristretto was told of its use, see region.used
	place   place         // guarded by Cache.mu
	extra   *extra        // nil for most
}

// extra is what few entries have, kept apart so that the others are smaller.
type extra struct {
	cost int64
	tags []string
	err  error // of a load that failed: the entry has no value
}

func (e *entry[K, V]) cost() int64 {
	if e.extra == nil {
		return 1
	}
	return e.extra.cost
}

func (e *entry[K, V]) tags() []string {
	if e.extra == nil {
		return nil
	}
	return e.extra.tags
}

// failure is the error of an entry that remembers one.
func (e *entry[K, V]) failure() error {
	if e.extra == nil {
		return nil
	}
	return e.extra.err
}

// expired tells it from now, in nanoseconds since the cache began.
func (e *entry[K, V]) expired(now int64) bool { return e.expires != 0 && now >= e.expires }
