package metrics

import (
	"cmp"
	"hash/maphash"
	"math/bits"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// cell is what a series is made of.
type cell[T any] interface {
	*T
	// prepare makes the zero T one of this family.
	prepare(d *description)
	// write appends the lines of a series.
	write(b []byte, f *layout, labels string) []byte
}

// family is all series of one name. Looking one up takes no lock and allocates
// nothing; they are never removed.
type family[T any, P cell[T]] struct {
	layout
	seed       maphash.Seed
	limit      int
	overflowed *Counter // nil where there are no labels

	slots atomic.Pointer[slots[T]]
	full  atomic.Bool

	mu       sync.Mutex // of all that follows
	all      []*entry[T]
	ordered  []*entry[T] // all of them by their labels, as of the last scrape; never changed
	computed []computed
}

// entry is a series. There may be thousands: it is kept small.
type entry[T any] struct {
	labels string // rendered
	hash   uint64
	cell   T
}

// computed is a series whose value is asked for when it is read.
type computed struct {
	labels string
	value  func() float64
}

// slots is an open hash table, at most three quarters full.
type slots[T any] []atomic.Pointer[entry[T]]

const minSlots = 4 // a power of two, as is every size

// with returns the cell of the series with these values; that of the overflow
// when there is no room for another, or when there are not as many values as
// labels.
func (f *family[T, P]) with(values []string) *T {
	if len(values) != len(f.labels) {
		return f.overflow()
	}
	var few [8]string
	clean := few[:0]
	for _, v := range values {
		clean = append(clean, escaped(v))
	}
	hash := f.hash(clean)
	if e := f.find(hash, clean); e != nil {
		return &e.cell
	}
	if f.full.Load() {
		return f.overflow()
	}
	if e := f.add(hash, clean, f.limit); e != nil {
		return &e.cell
	}
	return f.overflow()
}

// overflow is the series for what there is no room for, and counts its use.
func (f *family[T, P]) overflow() *T {
	if f.overflowed != nil {
		f.overflowed.Inc()
	}
	values := make([]string, len(f.labels))
	for i := range values {
		values[i] = Other
	}
	hash := f.hash(values)
	if e := f.find(hash, values); e != nil {
		return &e.cell
	}
	return &f.add(hash, values, f.limit+1).cell
}

func (f *family[T, P]) hash(values []string) uint64 {
	var h uint64
	for _, v := range values {
		h = bits.RotateLeft64(h, 7) ^ maphash.String(f.seed, v)
	}
	return h
}

func (f *family[T, P]) find(hash uint64, values []string) *entry[T] {
	table := *f.slots.Load()
	for i := hash; ; i++ {
		e := table[i&uint64(len(table)-1)].Load()
		if e == nil || e.hash == hash && rendersTo(e.labels, f.labels, values) {
			return e
		}
	}
}

// add makes a series; nil when there are limit of them.
func (f *family[T, P]) add(hash uint64, values []string, limit int) *entry[T] {
	f.mu.Lock()
	defer f.mu.Unlock()
	if e := f.find(hash, values); e != nil {
		return e
	}
	if n := len(f.all) + len(f.computed); n >= limit {
		f.full.Store(true)
		return nil
	}
	e := &entry[T]{labels: render(f.labels, values), hash: hash}
	P(&e.cell).prepare(&f.description)
	f.all = append(f.all, e)
	f.grow()
	f.slots.Load().put(e)
	return e
}

// grow keeps the table at most three quarters full. Readers of the old one
// find there what was there, and ask again under the lock for what was not.
func (f *family[T, P]) grow() {
	size := len(*f.slots.Load())
	if 4*len(f.all) <= 3*size {
		return
	}
	larger := make(slots[T], 2*size)
	for _, e := range f.all[:len(f.all)-1] {
		larger.put(e)
	}
	f.slots.Store(&larger)
}

func (s slots[T]) put(e *entry[T]) {
	i := e.hash & uint64(len(s)-1)
	for s[i].Load() != nil {
		i = (i + 1) & uint64(len(s)-1)
	}
	s[i].Store(e)
}

// compute adds a series whose value is that of a function.
func (f *family[T, P]) compute(value func() float64, values []string) error {
	if len(values) != len(f.labels) {
		return f.errorf("%d values for %d labels", len(values), len(f.labels))
	}
	clean := make([]string, len(values))
	for i, v := range values {
		clean[i] = escaped(v)
	}
	labels := render(f.labels, clean)
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case value == nil:
		return f.errorf("there is no function to ask")
	case f.find(f.hash(clean), clean) != nil, slices.ContainsFunc(f.computed, func(c computed) bool { return c.labels == labels }):
		return f.errorf("the series {%s} is there already", labels)
	case len(f.all)+len(f.computed) >= f.limit:
		return f.errorf("there are %d series, and no more are taken", f.limit)
	}
	at, _ := slices.BinarySearchFunc(f.computed, labels, func(c computed, l string) int { return cmp.Compare(c.labels, l) })
	f.computed = slices.Insert(slices.Clone(f.computed), at, computed{labels, value}) // one that is being read stays as it is
	return nil
}

// forget takes out a series that compute added.
func (f *family[T, P]) forget(values []string) {
	clean := make([]string, len(values))
	for i, v := range values {
		clean[i] = escaped(v)
	}
	labels := render(f.labels, clean)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.computed = slices.DeleteFunc(slices.Clone(f.computed), func(c computed) bool { return c.labels == labels })
}

func (f *family[T, P]) empty() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.all)+len(f.computed) == 0
}

// expose writes all series, in order, and nothing of it under the lock.
func (f *family[T, P]) expose(p *page) {
	f.mu.Lock()
	if len(f.ordered) < len(f.all) {
		f.ordered = slices.Clone(f.all)
		slices.SortFunc(f.ordered, func(a, b *entry[T]) int { return strings.Compare(a.labels, b.labels) })
	}
	ordered, asked := f.ordered, f.computed
	f.mu.Unlock()
	for _, e := range ordered {
		p.b = P(&e.cell).write(p.b, &f.layout, e.labels)
		p.turn()
	}
	for _, c := range asked {
		p.b = append(appendFloat(f.sample(p.b, "", c.labels, ""), c.value()), '\n')
		p.turn()
	}
}
