package ratelimit

import (
	"context"
	"fmt"
	"hash/maphash"
	"math/bits"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sethvargo/go-limiter"
)

// DefaultMaxKeys is how many buckets a Memory holds by default; they take
// 32 MB at most.
const DefaultMaxKeys = 1 << 20

// MemoryOptions are the choices for a Memory.
type MemoryOptions struct {
	// MaxKeys is how many buckets are held. Keys that come when all of them are
	// in use share one more. Default: DefaultMaxKeys.
	MaxKeys int
}

// Memory is a Store in the memory of this process: 16 bytes for a bucket and
// its share of what is free, and nothing that the garbage collector follows.
// It has no goroutines. The clock is the monotonic one: setting the time of day
// changes nothing.
//
// A key is known by a 64-bit hash with a secret that is new in each store. Two
// keys that have the same one, which among a million happens once in 37 million
// stores and to nobody's order, share a bucket: they get less, never more.
//
// A bucket that has become full again says nothing, and its place is free for
// another. When MaxKeys are held and none of them is full, whoever comes new
// takes from a bucket that all newcomers share, and nobody's debt is forgotten.
type Memory struct {
	meter  meter
	seed   maphash.Seed
	began  time.Time
	clock  func() time.Duration // tests only: monotonic time since the store began
	closed atomic.Bool
	wall   atomic.Int64 // the Unix time, in nanoseconds, at which the clock was 0
	wallAt atomic.Int64 // when that was found, by the clock; 0 for never
	all    population
	shards []shard
	broom  atomic.Uint64 // the shard that newcomers to a full store swept last

	newcomers struct {
		mu   sync.Mutex
		full int64
	}
}

var _ Store = (*Memory)(nil)

// NewMemory returns a store of buckets with this limit.
func NewMemory(limit Limit, o *MemoryOptions) (*Memory, error) {
	if err := limit.Validate(); err != nil {
		return nil, err
	}
	if o == nil {
		o = new(MemoryOptions)
	}
	if o.MaxKeys < 0 {
		return nil, fmt.Errorf("ratelimit: MaxKeys is %d; it has to be 1 at least, or 0 for %d", o.MaxKeys, DefaultMaxKeys)
	}
	maxKeys := o.MaxKeys
	if maxKeys == 0 {
		maxKeys = DefaultMaxKeys
	}
	m := &Memory{
		meter: newMeter(limit),
		seed:  maphash.MakeSeed(),
		began: time.Now(),
	}
	m.all.limit, m.all.shardBits = int64(maxKeys), shardBits(maxKeys)
	m.shards = make([]shard, 1<<m.all.shardBits)
	return m, nil
}

// shardBits makes shards of some 2048 to 4096 keys, which are rebuilt in some
// ten microseconds. There are 1024 of them at most.
func shardBits(maxKeys int) uint {
	return min(uint(bits.Len(uint(maxKeys/4096))), 10)
}

// Limit is what NewMemory was given.
func (m *Memory) Limit() Limit { return m.meter.limit }

// Take takes one token, as limiter.Store describes it. The reset is the moment,
// in nanoseconds of Unix time, at which there will be one whole token more.
func (m *Memory) Take(_ context.Context, key string) (tokens, remaining, reset uint64, ok bool, err error) {
	if err := m.stopped(); err != nil {
		return 0, 0, 0, false, err
	}
	elapsed := m.elapsed()
	r := m.take(key, unit, false, elapsed)
	return uint64(r.Limit.Burst), uint64(r.whole()), uint64(m.unix(elapsed)) + uint64(r.Next()), r.OK, nil
}

// TakeN takes n tokens or none.
func (m *Memory) TakeN(_ context.Context, key string, n float64) (Result, error) {
	return m.takeTokens(key, n, false)
}

// Charge takes n tokens, owing what is not there. The bucket that newcomers
// share owes nothing.
func (m *Memory) Charge(_ context.Context, key string, n float64) (Result, error) {
	return m.takeTokens(key, n, true)
}

func (m *Memory) takeTokens(key string, n float64, owe bool) (Result, error) {
	if err := m.stopped(); err != nil {
		return Result{}, err
	}
	amount, err := units(n)
	if err != nil {
		return Result{}, err
	}
	return m.take(key, amount, owe, m.elapsed()), nil
}

// Get tells the size of the bucket of key and the whole tokens in it.
func (m *Memory) Get(_ context.Context, key string) (tokens, remaining uint64, err error) {
	r, err := m.takeTokens(key, 0, false)
	return uint64(r.Limit.Burst), uint64(r.whole()), err
}

// Close forgets everything; afterwards every call is limiter.ErrStopped.
func (m *Memory) Close(context.Context) error {
	if m.closed.Swap(true) {
		return nil
	}
	for i := range m.shards {
		s := &m.shards[i]
		s.mu.Lock()
		s.slots, s.used, s.special = nil, 0, nil
		s.mu.Unlock()
	}
	m.all.keys.Store(0)
	return nil
}

func (m *Memory) stopped() error {
	if m.closed.Load() {
		return limiter.ErrStopped
	}
	return nil
}

// Stats counts what happened. Looking, a TakeN of 0, is not counted.
func (m *Memory) Stats() Stats {
	st := Stats{Keys: int(m.all.keys.Load())}
	for i := range m.shards {
		s := &m.shards[i]
		s.mu.Lock()
		st.Allowed += s.allowed
		st.Refused += s.refused
		st.Shared += s.shared
		s.mu.Unlock()
	}
	return st
}

// elapsed is the monotonic time since the store began.
func (m *Memory) elapsed() time.Duration {
	if m.clock != nil {
		return m.clock()
	}
	return time.Since(m.began)
}

// unix is a moment in the time of day, which is asked for once a second: it
// takes longer to tell than all the rest.
func (m *Memory) unix(elapsed time.Duration) int64 {
	if now := time.Duration(m.wallAt.Load()); elapsed-now >= time.Second || now == 0 {
		at := m.elapsed()
		m.wall.Store(time.Now().UnixNano() - int64(at))
		m.wallAt.Store(max(int64(at), 1))
	}
	return m.wall.Load() + int64(elapsed)
}
