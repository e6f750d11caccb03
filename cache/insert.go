package cache

import "math/rand/v2"

// insert puts e into the window, and what the window has no room for before
// ristretto. Cache.mu is held.
func (c *Cache[K, V]) insert(h uint64, e *entry[K, V]) {
	if c.closed || e.key != e.key { //nolint:staticcheck // a NaN could be put and never found again
		return
	}
	c.sweep()
	c.uses.add(h)
	if c.uses.count(h) > 1 { // what came once would only take counters from others
		c.main.tell(h)
	}
	if e.cost() > c.max {
		if old := c.found.Load().find(h, e.key); old != nil {
			c.take(h, old)
		}
		c.counts.add(h, rejections)
		return
	}
	c.place(h, e)
	for old := c.window.overflow(); old != nil; old = c.window.overflow() {
		c.promote(old)
	}
	c.pace()
}

// pace waits for ristretto when it is behind, and takes out what it evicted.
func (c *Cache[K, V]) pace() {
	if c.main.behind() {
		c.main.settle()
		c.depart()
	}
}

// place makes e the one that readers find.
func (c *Cache[K, V]) place(h uint64, e *entry[K, V]) {
	t := c.found.Load()
	if old := t.find(h, e.key); old != nil {
		c.leave(h, old)
		t.replace(h, old, e)
	} else {
		if t.full() {
			t = t.grown()
			c.found.Store(t)
		}
		t.put(h, e)
	}
	c.cost += e.cost()
	c.tag(e)
	c.window.push(e)
}

// promote offers to ristretto what leaves the window. What is not worth another
// entry is dropped before that.
func (c *Cache[K, V]) promote(e *entry[K, V]) {
	h := c.hash(e.key)
	if (c.main.hasRoom(e.cost()) || c.worthy(h)) && c.main.offer(h, e) {
		return
	}
	c.take(h, e)
	c.counts.add(h, rejections)
}

const (
	// sampled is with how many entries a newcomer is compared.
	sampled = 3
	// busy is from how many uses on a newcomer has to have two more.
	busy = 2
)

// worthy reports whether an entry was used more than the least of a few that
// ristretto holds. ristretto itself lets in what was used as often as the least
// of its own sample. Two entries that take each other's place by turns are then
// both missed: whoever goes round and round through a little more than fits
// would find hardly anything. For the same reason one use more, which may be
// the one that just happened, is not enough among entries that are used often.
func (c *Cache[K, V]) worthy(h uint64) bool {
	least := c.leastUsed()
	if least >= busy {
		least++
	}
	return c.uses.count(h) > least
}

// leastUsed looks at some entries that ristretto holds, from a random slot on.
func (c *Cache[K, V]) leastUsed() int {
	t := c.found.Load()
	least, seen := maxCount, 0
	for slot, end := rand.Uint64(), len(t.slots); end > 0 && seen < sampled; slot, end = slot+1, end-1 { //nolint:gosec // nobody gains by guessing it
		if e := t.at(slot); e != nil && e.place == inMain {
			least = min(least, c.uses.count(c.hash(e.key)))
			seen++
		}
	}
	return least
}

// take takes out an entry, wherever it is.
func (c *Cache[K, V]) take(h uint64, e *entry[K, V]) {
	c.leave(h, e)
	c.found.Load().remove(h, e)
}

// leave is take for an entry whose slot gets another one.
func (c *Cache[K, V]) leave(h uint64, e *entry[K, V]) {
	switch e.place {
	case inWindow:
		c.window.left(e)
	case inMain:
		c.main.left(e)
		c.main.forget(h)
	}
	c.cost -= e.cost()
	c.untag(e)
}

// depart takes out what ristretto evicted or refused.
func (c *Cache[K, V]) depart() {
	for _, d := range c.main.departures() {
		if d.e.place != inMain {
			continue // was taken out by us
		}
		h := c.hash(d.e.key)
		c.main.left(d.e)
		c.cost -= d.e.cost()
		c.untag(d.e)
		c.found.Load().remove(h, d.e)
		c.counts.departed(h, d.why)
	}
}

// sweptPerInsert is how many slots are looked at for expired entries whenever
// one is set: entries that nobody asks for again leave by and by.
const sweptPerInsert = 4

func (c *Cache[K, V]) sweep() {
	now := c.now()
	for range sweptPerInsert {
		c.swept++
		e := c.found.Load().at(c.swept)
		if e != nil && e.expired(now) {
			h := c.hash(e.key)
			c.take(h, e)
			c.counts.add(h, expirations)
		}
	}
}

// empty takes out everything. Cache.mu is held.
func (c *Cache[K, V]) empty() {
	for i, t := uint64(0), c.found.Load(); i <= t.mask; i++ {
		if e := t.at(i); e != nil {
			e.place = gone
		}
	}
	c.found.Store(newTable[K, V](minSlots, c.hash))
	c.window.clear()
	c.uses.clear()
	c.tagged = nil
	c.cost = 0
}
