package disk

import "sync"

// restedLimit bounds the memory of rested. Forgetting costs two fsyncs.
const restedLimit = 4096

// rested remembers the drafts that this process has closed, all of them and the
// way to them on disk: clients that send a file in chunks have each chunk append
// to one.
type rested struct {
	mu sync.Mutex
	m  map[string]int64 // key -> size in bytes
}

func (r *rested) put(key string, size int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.m == nil || len(r.m) >= restedLimit {
		r.m = make(map[string]int64)
	}
	r.m[key] = size
}

// take returns what was put, once.
func (r *rested) take(key string) (size int64, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	size, ok = r.m[key]
	delete(r.m, key)
	return size, ok
}
