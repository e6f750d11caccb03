package disk

import "sync"

// cuts remembers drafts whose files are longer than what can be trusted and
// could not be cut at once, because the disk refused that too.
type cuts struct {
	mu sync.Mutex
	m  map[string]int64 // key -> bytes to keep
}

func (c *cuts) set(key string, size int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.m == nil {
		c.m = make(map[string]int64)
	}
	c.m[key] = size
}

func (c *cuts) get(key string) (int64, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	size, ok := c.m[key]
	return size, ok
}

func (c *cuts) drop(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.m, key)
}
