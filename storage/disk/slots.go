package disk

import "sync"

// slots has one lock for each key that somebody is working on, and remembers
// which draft of the key is open.
type slots struct {
	names *names // between processes; nil where this one is alone

	mu sync.Mutex
	m  map[string]*slot
}

type slot struct {
	mu    sync.Mutex
	users int    // goroutines that hold or wait for mu
	draft *draft // the open one
	err   error  // of who holds mu: other processes are not kept out
}

// lock waits for the key. Who changes names looks at the slot's err first.
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
	sl.err = s.names.lock(key)
	return sl
}

func (s *slots) unlock(key string, sl *slot) {
	if sl.err == nil {
		s.names.unlock(key)
	}
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
