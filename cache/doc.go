// Package cache keeps values in memory, on ristretto
// (github.com/dgraph-io/ristretto): typed, bounded, with loaders that many may
// wait for, and invalidations that nothing undoes.
//
//	c, err := cache.New(&cache.Options[string, *Film]{MaxEntries: 10_000, TTL: 30 * time.Minute})
//	…
//	film, err := c.GetOrLoad(ctx, id, func(ctx context.Context, id string) (*Film, error) {
//		return db.Film(ctx, id)
//	})
//	…
//	c.Delete(id) // after the change is durable
//
// What an operator asks:
//
// What is bounded? The number of entries (MaxEntries) or what they cost together
// (MaxCost, such as bytes). While ristretto decides, which takes microseconds,
// there may be a 64th more, and an entry that alone costs more than a 64th of
// MaxCost is beyond the bound until the next is set. Beside keys and values an
// entry takes about 250 bytes in a cache of 10,000, with a fixed part of some
// half a megabyte: a cache for each user is a mistake. Costs are those of the
// values as they were when they were set: who changes what a value points to
// changes what others read, too.
//
// What is lost? Everything, when the process ends: it is a cache. Before that,
// an entry leaves when it expires, is deleted or replaced, or when it is worth
// less than others: those that are used often stay. What was just set is read by
// the next Get, always; it can be evicted once others that cost a 64th of the
// cache were set after it. Until the cache is full nothing is evicted, and no
// Set is dropped.
//
// What about a stampede? Of any number of goroutines that miss a key at the same
// time in GetOrLoad, one load serves all. Each waits no longer than its context
// says, and the load goes on for the others. The error of a load is that of all who
// wait, and the next call tries again, unless failures are remembered
// (NegativeTTL). The loads of different keys are not limited.
//
// What does an invalidation guarantee? Once Delete, DeleteMany, DeleteTag,
// DeleteFunc, DeletePrefix, Clear or Set has returned, no Get, and no GetOrLoad
// that is called after that, sees what was there before, nor what a load brings
// that began before. So: change the source, then invalidate. Who does the Set of
// what they read themselves can undo an invalidation in between: use GetOrLoad.
//
// What of several instances of a service? They share nothing: each has its own
// cache, and an invalidation is heard in its own process alone. Where another
// instance may write, a TTL bounds how old a value can be. Within one process
// caches share nothing either, and keys of one type are one name space.
//
// What does it start? Two goroutines of ristretto for each cache, which Close
// ends, and one for each load while it runs. Nothing else runs by itself:
// expired entries leave when they are asked for, or a few whenever another is
// set.
//
// May a value be of another type than expected? No: a Cache[K, V] returns V. A
// Cache[string, any] returns what was set, and who gets it has to look.
//
// # How it works
//
// An entry that is set goes into a window, a queue of the newest. What leaves
// the window is offered to ristretto, if it was used more often than a few of
// those that ristretto holds, by a count of uses that outlives the entries.
// ristretto decides whether to let it in and which to evict, by its own counts.
// Readers find entries in a table of ours, without a lock. See docs/design.md
// for the reasons and bench/peers for the figures beside otter's.
package cache
