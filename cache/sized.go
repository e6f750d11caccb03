package cache

// Sized is a Cache whose Set takes what the value costs: the shape of the
// interfaces by which other packages take a cache, such as hls.Cache. Use it
// with Options.MaxCost in bytes.
type Sized[V any] struct{ *Cache[string, V] }

// Set keeps value, which takes about cost bytes. EntryBytes and the length of
// the key are added.
func (s Sized[V]) Set(key string, value V, cost int64) {
	cost = min(max(cost, 0), mostCost) + int64(len(key)) + EntryBytes
	s.SetItem(Item[string, V]{Key: key, Value: value, Cost: cost})
}
