package ratelimit

import (
	"hash/maphash"
	"time"
)

// take takes n thousandths of a token from the bucket of key.
func (m *Memory) take(key string, n int64, owe bool, elapsed time.Duration) Result {
	hash := m.hash(key)
	s := m.shard(hash)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.special != nil {
		if sp := s.special[hash]; sp != nil {
			r := sp.take(n, owe, elapsed)
			s.count(n, r.OK)
			return r
		}
	}
	now := m.meter.moment(elapsed)
	var full int64
	own, vacant := s.find(hash, m.all.shardBits, now)
	if own != nil {
		full = own.full
	}
	after, ok := m.meter.take(full, now, n, owe)
	switch {
	case own != nil && ok:
		own.full = after
	case own == nil && n == 0 && m.all.turnsAway(vacant),
		own == nil && n > 0 && ok && !m.claim(s, slot{hash, after}, vacant, now):
		after, ok = m.takeShared(s, n, now)
	}
	s.count(n, ok)
	return m.meter.result(after, now, n, ok, elapsed)
}

// claim gives a new key a slot in s, whose lock the caller has, and says whether
// there was one. In a full store what is idle may be in any shard: each newcomer
// looks into one, by turns.
func (m *Memory) claim(s *shard, p slot, vacant *slot, now int64) bool {
	if s.claim(p, vacant, now, &m.all) {
		return true
	}
	other := &m.shards[m.broom.Add(1)%uint64(len(m.shards))]
	if other == s || !other.mu.TryLock() { // whoever waited for it here could wait forever
		return false
	}
	freed := other.sweep(now, &m.all)
	other.mu.Unlock()
	if freed == 0 {
		return false
	}
	_, vacant = s.find(p.hash, m.all.shardBits, now)
	return s.claim(p, vacant, now, &m.all)
}

// hash is what identifies a key. 0 is that of a free slot.
func (m *Memory) hash(key string) uint64 { return max(maphash.String(m.seed, key), 1) }

func (m *Memory) shard(hash uint64) *shard { return &m.shards[hash>>(64-m.all.shardBits)] }

// takeShared takes from the bucket of those who find the store full.
func (m *Memory) takeShared(s *shard, n, now int64) (after int64, ok bool) {
	m.newcomers.mu.Lock()
	defer m.newcomers.mu.Unlock()
	after, ok = m.meter.take(m.newcomers.full, now, n, false)
	if ok {
		m.newcomers.full = after
	}
	if n > 0 {
		s.shared++
	}
	return after, ok
}

// count counts what came of taking n. The caller has the lock.
func (s *shard) count(n int64, ok bool) {
	switch {
	case n == 0:
	case ok:
		s.allowed++
	default:
		s.refused++
	}
}
