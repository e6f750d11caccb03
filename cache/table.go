package cache

import "sync/atomic"

// table finds entries by key: open addressing with linear probing. Readers take
// no lock and always find what is there for as long as they look. There is one
// writer at a time, who holds Cache.mu.
//
// ristretto could be asked as well, and is the one who holds most entries. But
// its Get takes three times as long where several goroutines read at once, sees
// a value some time after it was set, and knows a key by its hash alone.
type table[K comparable, V any] struct {
	slots []atomic.Pointer[entry[K, V]]
	mask  uint64
	grave *entry[K, V] // stands where an entry was, so that a probe goes on
	hash  func(K) uint64

	live int // entries
	used int // and graves
}

const minSlots = 64

func newTable[K comparable, V any](slots int, hash func(K) uint64) *table[K, V] {
	return &table[K, V]{
		slots: make([]atomic.Pointer[entry[K, V]], slots),
		mask:  uint64(slots - 1),
		grave: new(entry[K, V]),
		hash:  hash,
	}
}

// find returns the entry of key, or nil.
func (t *table[K, V]) find(h uint64, key K) *entry[K, V] {
	for i := h & t.mask; ; i = (i + 1) & t.mask {
		e := t.slots[i].Load()
		if e == nil || e.key == key && e != t.grave {
			return e
		}
	}
}

// at returns the entry in a slot, or nil.
func (t *table[K, V]) at(slot uint64) *entry[K, V] {
	if e := t.slots[slot&t.mask].Load(); e != t.grave {
		return e
	}
	return nil
}

// full reports whether another entry needs another table: probes become long
// before a table is full, and would not end in one that is.
func (t *table[K, V]) full() bool { return (t.used+1)*16 > len(t.slots)*13 }

// grown returns a table with the same entries and room for more.
func (t *table[K, V]) grown() *table[K, V] {
	slots := minSlots
	for (t.live+1)*4 > slots*3 {
		slots *= 2
	}
	next := newTable[K, V](slots, t.hash)
	for i := range t.slots {
		if e := t.at(uint64(i)); e != nil {
			next.put(t.hash(e.key), e)
		}
	}
	return next
}

// put adds an entry whose key is not there, to a table that is not full.
func (t *table[K, V]) put(h uint64, e *entry[K, V]) {
	i := h & t.mask
	for {
		switch t.slots[i].Load() {
		case nil:
			t.used++
			fallthrough
		case t.grave:
			t.slots[i].Store(e)
			t.live++
			return
		}
		i = (i + 1) & t.mask
	}
}

// replace puts e where old is, in one step for readers.
func (t *table[K, V]) replace(h uint64, old, e *entry[K, V]) {
	t.slots[t.slot(h, old)].Store(e)
}

// remove takes e out. Graves that no probe has to cross any more go, too.
func (t *table[K, V]) remove(h uint64, e *entry[K, V]) {
	i := t.slot(h, e)
	t.slots[i].Store(t.grave)
	t.live--
	if t.slots[(i+1)&t.mask].Load() != nil {
		return
	}
	for ; t.slots[i].Load() == t.grave; i = (i - 1) & t.mask {
		t.slots[i].Store(nil)
		t.used--
	}
}

// slot is where e is.
func (t *table[K, V]) slot(h uint64, e *entry[K, V]) uint64 {
	for i := h & t.mask; ; i = (i + 1) & t.mask {
		if t.slots[i].Load() == e {
			return i
		}
	}
}
