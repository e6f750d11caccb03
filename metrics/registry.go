package metrics

import (
	"cmp"
	"fmt"
	"hash/maphash"
	"maps"
	"slices"
	"sync"
)

const defaultMaxSeries = 2000

// Options are the options of New; nil means the defaults.
type Options struct {
	// MaxSeries is how many series one family with labels may have; what comes
	// beyond is counted in its series Other. Default: 2000.
	MaxSeries int
	// Labels stand on every series of the Registry, so that several can be
	// exposed together. Default: none.
	Labels map[string]string
}

// Registry holds families of series. There are no global ones: what two
// Registries hold does not meet. It is safe for concurrent use.
type Registry struct {
	limit    int
	labels   []string // the names of Options.Labels
	constant string   // and they with their values, rendered
	overflow *CounterVec
	requests func() (*requestSeries, error) // those of Route

	mu       sync.Mutex
	families []exposer // by name
	before   []func()  // called before each scrape
}

// exposer is a family of whatever kind.
type exposer interface {
	describe() *layout
	empty() bool
	expose(p *page)
}

// New returns an empty Registry; but for streamgate_metrics_overflow_total, which
// counts what no series was left for.
func New(o *Options) (*Registry, error) {
	r := &Registry{limit: defaultMaxSeries}
	r.requests = sync.OnceValues(func() (*requestSeries, error) { return newRequestSeries(r) })
	if o != nil && o.MaxSeries > 0 {
		r.limit = o.MaxSeries
	}
	if o != nil {
		r.labels = slices.Sorted(maps.Keys(o.Labels))
	}
	values := make([]string, len(r.labels))
	for i, name := range r.labels {
		if err := checkLabel(name, nil); err != nil {
			return nil, fmt.Errorf("metrics: the label %q of the registry: %w", name, err)
		}
		values[i] = escaped(o.Labels[name])
	}
	r.constant = render(r.labels, values)
	var err error
	r.overflow, err = r.CounterVec("streamgate_metrics_overflow_total",
		"Uses of the series that takes what a family has no room for, see MaxSeries.", "family")
	return r, err
}

// register returns the family of this description, and makes it where it is not
// there.
func register[T any, P cell[T]](r *Registry, d description) (*family[T, P], error) {
	d.labels = slices.Clone(d.labels)
	if err := d.check(); err != nil {
		return nil, err
	}
	for _, l := range d.labels {
		if slices.Contains(r.labels, l) {
			return nil, fmt.Errorf("metrics: the %s %q: the label %q is one of the registry", d.kind, d.name, l)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if at, found := r.place(d.name); found {
		f, ok := r.families[at].(*family[T, P])
		if !ok || !f.same(&d) {
			return nil, fmt.Errorf("metrics: the %s %q is there already, with another kind, help, buckets or labels", d.kind, d.name)
		}
		return f, nil
	}
	f := newFamily[T, P](r, d)
	r.put(f)
	return f, nil
}

// insert adds a family of another making.
func (r *Registry) insert(f exposer) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, found := r.place(f.describe().name); found {
		return f.describe().errorf("it is there already")
	}
	r.put(f)
	return nil
}

func (r *Registry) place(name string) (at int, found bool) {
	return slices.BinarySearchFunc(r.families, name, func(f exposer, name string) int {
		return cmp.Compare(f.describe().name, name)
	})
}

func (r *Registry) put(f exposer) {
	at, _ := r.place(f.describe().name)
	r.families = slices.Insert(slices.Clone(r.families), at, f) // a scrape reads the old one
}

func (d *description) same(o *description) bool {
	return d.kind == o.kind && d.help == o.help && slices.Equal(d.labels, o.labels) && slices.Equal(d.bounds, o.bounds)
}

func newFamily[T any, P cell[T]](r *Registry, d description) *family[T, P] {
	f := &family[T, P]{layout: newLayout(d, r.constant), seed: maphash.MakeSeed(), limit: r.limit}
	empty := make(slots[T], minSlots)
	f.slots.Store(&empty)
	switch {
	case r.overflow == nil:
		f.limit = maxFamilies // the overflow itself
	case len(d.labels) > 0:
		f.overflowed = r.overflow.With(d.name)
	}
	return f
}

// maxFamilies bounds nothing that comes from outside.
const maxFamilies = 1 << 20
