package hls

import (
	"container/list"
	"sync"
)

// Cache keeps what has been prepared for playback. It may forget anything at
// any time and must never return a value under another key than it was set
// under. Values are Go values of this process. It is called concurrently.
type Cache interface {
	Get(key string) (value any, ok bool)
	// Set keeps value, which takes about cost bytes.
	Set(key string, value any, cost int64)
}

// NewCache returns a Cache of at most that many bytes, which forgets first what
// was used longest ago. A value that alone is larger is not kept.
func NewCache(bytes int64) Cache { return newLRU(bytes) }

// entryCost is what an entry takes beside its key and value, in bytes.
const entryCost = 200

type lru struct {
	limit int64 // bytes

	mu      sync.Mutex
	used    int64
	order   list.List // of *lruEntry, the last used in front
	entries map[string]*list.Element
}

type lruEntry struct {
	key   string
	value any
	cost  int64
}

func newLRU(limit int64) *lru {
	return &lru{limit: limit, entries: make(map[string]*list.Element)}
}

func (c *lru) Get(key string) (any, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.entries[key]
	if !ok {
		return nil, false
	}
	c.order.MoveToFront(e)
	return e.Value.(*lruEntry).value, true
}

func (c *lru) Set(key string, value any, cost int64) {
	cost += int64(len(key)) + entryCost
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.entries[key]; ok {
		c.drop(e)
	}
	if cost > c.limit {
		return
	}
	c.entries[key] = c.order.PushFront(&lruEntry{key, value, cost})
	c.used += cost
	for c.used > c.limit {
		c.drop(c.order.Back())
	}
}

func (c *lru) forget(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.entries[key]; ok {
		c.drop(e)
	}
}

func (c *lru) drop(e *list.Element) {
	entry := c.order.Remove(e).(*lruEntry)
	delete(c.entries, entry.key)
	c.used -= entry.cost
}
