package ratelimit

import (
	"fmt"
	"time"
)

// SetClock replaces the monotonic clock, which begins at 0.
func (m *Memory) SetClock(clock func() time.Duration) { m.clock = clock }

// Check holds the tables to what they promise: each key is found where a search
// for it begins or without a gap from there, once, and is counted.
func (m *Memory) Check() error {
	total := 0
	for i := range m.shards {
		s := &m.shards[i]
		used := 0
		for j := range s.slots {
			p := &s.slots[j]
			if p.hash == 0 {
				continue
			}
			used++
			if own, _ := s.find(p.hash, m.all.shardBits, 0); own != p {
				return fmt.Errorf("the key in slot %d of shard %d is found in another or not at all", j, i)
			}
			if m.shard(p.hash) != s {
				return fmt.Errorf("the key in slot %d is not of shard %d", j, i)
			}
		}
		if used != s.used {
			return fmt.Errorf("shard %d counts %d slots in use and has %d", i, s.used, used)
		}
		if slotsFor(used) > len(s.slots) {
			return fmt.Errorf("shard %d has %d keys in %d slots", i, used, len(s.slots))
		}
		total += used + len(s.special)
	}
	if int64(total) != m.all.keys.Load() || int64(total) > m.all.limit {
		return fmt.Errorf("there are %d keys; %d are counted, of %d at most", total, m.all.keys.Load(), m.all.limit)
	}
	return nil
}

// Slots is how many slots all tables have.
func (m *Memory) Slots() int {
	n := 0
	for i := range m.shards {
		n += len(m.shards[i].slots)
	}
	return n
}
