package cache

import (
	"context"
	"fmt"
	"iter"
)

// GetMany returns the values of those keys that are there.
func (c *Cache[K, V]) GetMany(keys ...K) map[K]V {
	values := make(map[K]V, len(keys))
	for _, key := range keys {
		if v, ok := c.Get(key); ok {
			values[key] = v
		}
	}
	return values
}

// SetMany is SetItem for several items.
func (c *Cache[K, V]) SetMany(items ...Item[K, V]) {
	for i := range items {
		c.SetItem(items[i])
	}
}

// Warm loads keys that are not there, one after the other, until the cache is
// full: it evicts nothing. It says how many it loaded, and ends with the first
// error, of a load or of ctx. What is invalidated meanwhile is not kept.
func (c *Cache[K, V]) Warm(ctx context.Context, keys iter.Seq[K], load Loader[K, V]) (int, error) {
	n := 0
	for key := range keys {
		if err := ctx.Err(); err != nil {
			return n, err
		}
		h := c.hash(key)
		switch {
		case c.peek(h, key) != nil:
			continue
		case !c.hasRoom():
			return n, nil
		}
		if _, err := c.loads.do(ctx, c, h, key, plain(load)); err != nil {
			return n, fmt.Errorf("cache: warm with key %v: %w", key, err)
		}
		n++
	}
	return n, nil
}

func (c *Cache[K, V]) hasRoom() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.closed && c.cost < c.max
}
