package ratelimit

import (
	"math/bits"
	"sync"
)

// slot is a bucket in 16 bytes without a pointer, which the garbage collector
// does not look into. The zero slot is free.
type slot struct {
	hash uint64 // of the key; what identifies it
	full int64  // the moment at which the bucket is full; once it is over, the slot is idle
}

const (
	minSlots = 8
	// Of eight slots at most six and a half are used: searches stay short.
	loadNum, loadDen = 13, 16
)

// shard is a part of a store under a lock of its own: an open-addressed table
// with linear probing. A key is never removed by itself. An idle slot, which
// says no more than a free one, is given to the next key that comes by, and
// what nobody came by is left out when the table is built anew.
type shard struct {
	mu      sync.Mutex
	slots   []slot
	used    int   // slots that are not free
	turned  int   // keys that found the store full since the table was built
	halfway int64 // about half of the keys are idle after this moment

	allowed, refused, shared uint64

	special map[uint64]*special // buckets with a limit or an extra of their own
	_       [40]byte            // two cache lines, so that shards do not share one
}

// find returns the slot of hash, or nil, and an idle or free one that it could
// have; that is nil where the table has to grow first.
func (s *shard) find(hash uint64, shardBits uint, now int64) (own, vacant *slot) {
	size := len(s.slots)
	if size == 0 {
		return nil, nil
	}
	i := home(hash, shardBits, size)
	for {
		p := &s.slots[i]
		if p.hash == hash {
			return p, nil
		}
		if p.hash == 0 {
			if vacant == nil && slotsFor(s.used+1) <= size {
				vacant = p
			}
			return nil, vacant
		}
		if vacant == nil && p.full <= now {
			vacant = p
		}
		if i++; i == size {
			i = 0
		}
	}
}

// home is where the search for hash begins: the bits that have not chosen the
// shard, scaled to the size of the table.
func home(hash uint64, shardBits uint, size int) int {
	hi, _ := bits.Mul64(hash<<shardBits, uint64(size))
	return int(hi)
}

// claim gives a key that has no slot one, and says whether there was any.
// vacant is what find has found for it.
func (s *shard) claim(p slot, vacant *slot, now int64, all *population) bool {
	switch {
	case vacant == nil:
		s.rebuild(now, all)
		_, vacant = s.find(p.hash, all.shardBits, now)
	case all.turnsAway(vacant) && s.sweep(now, all) > 0:
		_, vacant = s.find(p.hash, all.shardBits, now)
	}
	if vacant == nil {
		return false
	}
	if vacant.hash == 0 {
		if !all.grow() {
			return false
		}
		s.used++
	}
	*vacant = p
	return true
}

// sweep makes room in a full store and returns how much. It is tried once for so
// many newcomers that it costs each of them a few slots, and when half of the
// keys may have become idle.
func (s *shard) sweep(now int64, all *population) (freed int) {
	s.turned++
	if s.turned <= len(s.slots)/8 && now < s.halfway {
		return 0
	}
	return s.rebuild(now, all)
}

// rebuild leaves out what is idle, in a table of the size that suits the rest,
// and returns how much it was.
func (s *shard) rebuild(now int64, all *population) (freed int) {
	live, sum := 0, 0.0
	for _, p := range s.slots {
		if p.full > now {
			live++
			sum += float64(p.full)
		}
	}
	old := s.slots
	s.slots = make([]slot, fitting(live, len(old)))
	for _, p := range old {
		if p.full > now {
			s.put(p, all.shardBits)
		}
	}
	freed = s.used - live
	all.keys.Add(int64(-freed))
	s.halfway = int64(sum / float64(max(live, 1)))
	s.used, s.turned = live, 0
	return freed
}

// fitting is the size of a table for so many keys and some more: the old size
// where that leaves a fifth of it free and is not far too much.
func fitting(live, old int) int {
	if slotsFor(live*5/4) < old && live*4 >= old {
		return old
	}
	return max(slotsFor(live*3/2), minSlots)
}

// slotsFor is how many slots so many keys need at least.
func slotsFor(keys int) int { return (keys*loadDen + loadNum - 1) / loadNum }

// put puts a key into a table that does not have it.
func (s *shard) put(p slot, shardBits uint) {
	i := home(p.hash, shardBits, len(s.slots))
	for s.slots[i].hash != 0 {
		if i++; i == len(s.slots) {
			i = 0
		}
	}
	s.slots[i] = p
}
