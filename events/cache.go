package events

// What is done to the cache service by its HTTP interface, told to the recorder
// alone and before it is done. Data has the "key", or what was cleared: a
// "prefix", a "tag", or neither for everything; and of a value that is set its
// "size" in bytes, and its "ttl" in seconds where it was given one.
const (
	CacheSet     Type = "cache.set"
	CacheDeleted Type = "cache.deleted"
	CacheCleared Type = "cache.cleared"
)
