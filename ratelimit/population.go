package ratelimit

import "sync/atomic"

// population is what the shards of a store have in common: how many keys all of
// them hold together, and may hold.
type population struct {
	keys      atomic.Int64 // slots in use, and special buckets
	limit     int64
	shardBits uint // of a hash, that choose the shard
}

// grow counts one key more, unless the store is full.
func (p *population) grow() bool {
	if p.keys.Add(1) > p.limit {
		p.keys.Add(-1)
		return false
	}
	return true
}

// turnsAway says whether the store is full and no idle slot is at hand.
func (p *population) turnsAway(vacant *slot) bool {
	return (vacant == nil || vacant.hash == 0) && p.keys.Load() >= p.limit
}
