package cache

// tag makes e be found by its tags. Cache.mu is held.
func (c *Cache[K, V]) tag(e *entry[K, V]) {
	for _, tag := range e.tags() {
		entries := c.tagged[tag]
		if entries == nil {
			if c.tagged == nil {
				c.tagged = make(map[string]map[*entry[K, V]]struct{})
			}
			entries = make(map[*entry[K, V]]struct{})
			c.tagged[tag] = entries
		}
		entries[e] = struct{}{}
	}
}

func (c *Cache[K, V]) untag(e *entry[K, V]) {
	for _, tag := range e.tags() {
		entries := c.tagged[tag]
		delete(entries, e)
		if len(entries) == 0 {
			delete(c.tagged, tag)
		}
	}
}
