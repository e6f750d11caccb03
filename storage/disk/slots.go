package disk

import "sync"

// slots has one lock for each key that somebody is working on, and remembers
// which draft of the key is open.
type slots struct {
	mu sync.Mutex
	m  map[string]*slot
}

type slot struct {
	mu    sync.Mutex
	users int    // goroutines that hold or wait for mu
	draft *draft // the open one
}

// lock waits for the key.
func (s *slots) lock(key string) *slot {
	s.mu.Lock()
	if s.m == nil {
		s.m = make(map[string]*slot)
	}
	sl := s.m[key]
	if sl == nil {
		sl = new(slot)
		s.m[key] = sl
	}
	sl.users++
	s.mu.Unlock()
	sl.mu.Lock()
	return sl
}

func (s *slots) unlock(key string, sl *slot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sl.users--
	if sl.users == 0 && sl.draft == nil {
		delete(s.m, key)
	}
	sl.mu.Unlock()
}

// keys returns the keys that have an open draft, or had a moment ago.
func (s *slots) keys() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	keys := make([]string, 0, len(s.m))
	for key := range s.m {
		keys = append(keys, key)
	}
	return keys
}
