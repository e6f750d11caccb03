package cache

import "strings"

// DeleteTag takes out every entry that has the tag, and says how many. Values
// that are being loaded by GetOrLoadItem, whose tags are not known yet, will not
// be kept.
func (c *Cache[K, V]) DeleteTag(tag string) int {
	c.loads.overtake(func(_ K, tagged bool) bool { return tagged })
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for e := range c.tagged[tag] {
		c.take(c.hash(e.key), e)
		n++
	}
	c.pace()
	return n
}

// DeleteFunc takes out every entry whose key matches, and says how many. It
// looks at all keys: some 50 microseconds for 10,000. match must not use
// the cache.
func (c *Cache[K, V]) DeleteFunc(match func(K) bool) int {
	c.loads.overtake(func(key K, _ bool) bool { return match(key) })
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for i, t := uint64(0), c.found.Load(); i <= t.mask; i++ {
		if e := t.at(i); e != nil && match(e.key) {
			c.take(c.hash(e.key), e)
			n++
		}
	}
	c.pace()
	return n
}

// DeletePrefix is DeleteFunc for the keys that begin with prefix.
func DeletePrefix[K ~string, V any](c *Cache[K, V], prefix K) int {
	return c.DeleteFunc(func(key K) bool { return strings.HasPrefix(string(key), string(prefix)) })
}

// DeleteMany is Delete for several keys. It says how many were there.
func (c *Cache[K, V]) DeleteMany(keys ...K) int {
	n := 0
	for _, key := range keys {
		if c.Delete(key) {
			n++
		}
	}
	return n
}

// Clear takes out everything. How often keys were used is forgotten, too. What
// is being loaded will not be kept.
func (c *Cache[K, V]) Clear() {
	c.loads.overtake(func(K, bool) bool { return true })
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	c.empty()
	c.main.clear()
}
