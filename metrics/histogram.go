package metrics

import (
	"math"
	"strconv"
	"time"

	vm "github.com/VictoriaMetrics/metrics"
)

// Histogram counts values by size, in the buckets that Prometheus reads. It is
// safe for concurrent use.
type Histogram struct {
	bounds []float64
	counts []vm.Counter // one more than bounds: what is larger than all of them
	sum    vm.Gauge
}

// Observe counts v. A negative, infinite or undefined value is left out: it
// would spoil the sum for good.
func (h *Histogram) Observe(v float64) {
	if !(v >= 0) || math.IsInf(v, 1) {
		return
	}
	i := 0
	for i < len(h.bounds) && v > h.bounds[i] {
		i++
	}
	h.counts[i].Inc()
	h.sum.Add(v)
}

// ObserveDuration counts d, in seconds.
func (h *Histogram) ObserveDuration(d time.Duration) { h.Observe(float64(d) / float64(time.Second)) }

// Count is how many values were counted.
func (h *Histogram) Count() uint64 {
	var n uint64
	for i := range h.counts {
		n += h.counts[i].Get()
	}
	return n
}

// Sum is what they come to together.
func (h *Histogram) Sum() float64 { return h.sum.Get() }

func (h *Histogram) prepare(d *description) {
	h.bounds, h.counts = d.bounds, make([]vm.Counter, len(d.bounds)+1)
}

// write reads each bucket once, so that the count is always that of the buckets.
func (h *Histogram) write(b []byte, l *layout, labels string) []byte {
	var n uint64
	for i := range h.counts {
		n += h.counts[i].Get()
		b = append(strconv.AppendUint(l.sample(b, "_bucket", labels, l.le[i]), n, 10), '\n')
	}
	b = append(appendFloat(l.sample(b, "_sum", labels, ""), h.sum.Get()), '\n')
	return append(strconv.AppendUint(l.sample(b, "_count", labels, ""), n, 10), '\n')
}

// HistogramVec is a family of histograms with labels.
type HistogramVec struct {
	f *family[Histogram, *Histogram]
}

// With returns the Histogram of the series with these values; see CounterVec.With.
func (v *HistogramVec) With(values ...string) *Histogram { return v.f.with(values) }

// Histogram returns the histogram of this name, and makes it where it is not
// there. The buckets are upper bounds that rise, without +Inf; nil means
// DurationBuckets for a name that ends with _seconds and SizeBuckets for one that
// ends with _bytes. See Counter for errors.
func (r *Registry) Histogram(name, help string, buckets []float64) (*Histogram, error) {
	v, err := r.HistogramVec(name, help, buckets)
	if err != nil {
		return nil, err
	}
	return v.With(), nil
}

// HistogramVec returns the family of histograms of this name with these labels.
// See Histogram.
func (r *Registry) HistogramVec(name, help string, buckets []float64, labels ...string) (*HistogramVec, error) {
	bounds, err := bucketsOf(name, buckets)
	if err != nil {
		return nil, err
	}
	f, err := register[Histogram](r, description{name: name, help: help, kind: histogram, labels: labels, bounds: bounds})
	return &HistogramVec{f}, err
}
