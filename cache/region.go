package cache

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/dgraph-io/ristretto/v2"
)

// region is the main region: ristretto, which holds the entries that left the
// window, and decides which of them is evicted for another.
//
// ristretto does what it is told later and in an order of its own: a value that
// was set, deleted and set again may be taken out by the deletion. Two keys of
// the same hash are one to it. So whatever it lets go of, for whatever reason,
// is noted, and leaves the cache, too, if it is still there.
type region[K comparable, V any] struct {
	r    *ristretto.Cache[uint64, *entry[K, V]]
	max  int64 // cost
	cost int64 // of what it holds and of what it was offered; guarded by Cache.mu

	pending     int   // what ristretto was told and may not have done; guarded by Cache.mu
	pendingCost int64 // of these

	// closing is held by who calls ristretto without Cache.mu: ristretto must not
	// be used while it closes.
	closing sync.RWMutex

	told   atomic.Int64  // uses, in this period
	period atomic.Uint32 // how often ristretto has halved its counters
	length int64         // of a period, in uses

	mu       sync.Mutex
	departed []departure[K, V] // what left ristretto by itself
}

// departure says that ristretto holds an entry no more.
type departure[K comparable, V any] struct {
	e   *entry[K, V]
	why outcome
}

type outcome uint8

const (
	exited   outcome = iota // by a deletion that overtook it, or for another key of the same hash
	evicted                 // for another
	rejected                // not let in
)

// The sizes of ristretto's frequency counters: fewPerEntry for large caches, as
// its documentation recommends, and more in small ones, whose counters would be
// wrong too often. All four rows of its sketch collide alike.
const (
	fewPerEntry   = 10.9 // its filter has a power of two bits, of which this uses nearly all for 10,000 entries
	manyPerEntry  = 64
	enoughInAll   = 109_000
	readsPerBatch = 64
)

func counters(entries int64) int64 {
	return max(min(entries*manyPerEntry, enoughInAll), int64(float64(entries)*fewPerEntry))
}

// newRegion starts ristretto, and with it two goroutines that close ends.
func newRegion[K comparable, V any](maxCost, entries int64) (*region[K, V], error) {
	m := &region[K, V]{max: maxCost, length: counters(entries)}
	r, err := ristretto.NewCache(&ristretto.Config[uint64, *entry[K, V]]{
		NumCounters:        m.length,
		MaxCost:            maxCost,
		BufferItems:        readsPerBatch,
		IgnoreInternalCost: true,
		KeyToHash:          func(hash uint64) (uint64, uint64) { return hash, 0 },
		OnEvict:            func(i *ristretto.Item[*entry[K, V]]) { m.depart(i.Value, evicted) },
		OnReject:           func(i *ristretto.Item[*entry[K, V]]) { m.depart(i.Value, rejected) },
		OnExit:             func(e *entry[K, V]) { m.depart(e, exited) },
	})
	if err != nil {
		return nil, fmt.Errorf("cache: start ristretto: %w", err)
	}
	m.r = r
	return m, nil
}

// depart notes what left. It is called by ristretto's goroutine, which must not
// wait for Cache.mu: who holds that may be waiting for ristretto.
func (m *region[K, V]) depart(e *entry[K, V], why outcome) {
	if e == nil {
		return
	}
	m.mu.Lock()
	m.departed = append(m.departed, departure[K, V]{e, why})
	m.mu.Unlock()
}

// departures returns what left since it was asked last.
func (m *region[K, V]) departures() []departure[K, V] {
	m.mu.Lock()
	defer m.mu.Unlock()
	d := m.departed
	m.departed = nil
	return d
}

// offer gives ristretto an entry, and reports whether it will look at it.
func (m *region[K, V]) offer(h uint64, e *entry[K, V]) bool {
	e.place = inMain
	m.cost += e.cost()
	m.pending++
	m.pendingCost += e.cost()
	return m.r.Set(h, e, e.cost())
}

// forget takes from ristretto what it has under a hash.
func (m *region[K, V]) forget(h uint64) {
	m.pending++
	m.r.Del(h)
}

// left is to be told of each entry that leaves.
func (m *region[K, V]) left(e *entry[K, V]) {
	e.place = gone
	m.cost -= e.cost()
}

// hasRoom reports whether an entry evicts no other.
func (m *region[K, V]) hasRoom(cost int64) bool { return m.cost+cost <= m.max }

// maxPending is how much ristretto may be behind. Its buffer has 32,768 places
// and drops what does not fit, so it is never nearly full.
const maxPending = 16

// behind reports whether ristretto was told much that it may not have done.
func (m *region[K, V]) behind() bool {
	return m.pending >= maxPending || m.pendingCost > m.max/windowShare
}

// settle waits until ristretto has done what it was told.
func (m *region[K, V]) settle() {
	if m.pending > 0 {
		m.r.Wait()
		m.pending, m.pendingCost = 0, 0
	}
}

// maxTold is how many uses of an entry ristretto is told in one of its periods.
// Its counters end at 15, and it forgets sooner what was popular once if they
// are not full.
const maxTold = 5

// used tells ristretto of a hit, unless it has heard enough, which spares most
// hits the call.
func (m *region[K, V]) used(h uint64, e *entry[K, V]) {
	const countBits = 8
	period := m.period.Load() << countBits
	was := e.told.Load()
	count := was & (1<<countBits - 1)
	if was-count != period {
		count /= 2
	}
	if count >= maxTold {
		return
	}
	e.told.Store(period | (count + 1))
	if m.tell(h)%readsPerBatch == 0 {
		runtime.Gosched() // ristretto drops uses that its goroutine has no time to count
	}
}

// tell has ristretto count a use, which its Get does, and says how many it was
// told in this period.
func (m *region[K, V]) tell(h uint64) int64 {
	m.closing.RLock()
	m.r.Get(h)
	m.closing.RUnlock()
	n := m.told.Add(1)
	if n == m.length {
		m.told.Add(-m.length)
		m.period.Add(1)
	}
	return n
}

// clear empties ristretto, which forgets the uses, too.
func (m *region[K, V]) clear() {
	m.r.Clear()
	m.departures()
	m.cost, m.pending, m.pendingCost = 0, 0, 0
}

// close ends ristretto's goroutines.
func (m *region[K, V]) close() {
	m.closing.Lock()
	m.r.Close()
	m.closing.Unlock()
	m.departures()
}
