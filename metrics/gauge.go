package metrics

import vm "github.com/VictoriaMetrics/metrics"

// Gauge is a number that rises and falls. It is safe for concurrent use.
type Gauge struct{ v vm.Gauge }

// Set makes it v.
func (g *Gauge) Set(v float64) { g.v.Set(v) }

// Add adds v, which may be negative.
func (g *Gauge) Add(v float64) { g.v.Add(v) }

// Inc adds 1.
func (g *Gauge) Inc() { g.v.Add(1) }

// Dec subtracts 1.
func (g *Gauge) Dec() { g.v.Add(-1) }

// Value is what it is now.
func (g *Gauge) Value() float64 { return g.v.Get() }

func (*Gauge) prepare(*description) {}

func (g *Gauge) write(b []byte, l *layout, labels string) []byte {
	return append(appendFloat(l.sample(b, "", labels, ""), g.v.Get()), '\n')
}

// GaugeVec is a family of gauges with labels.
type GaugeVec struct{ f *family[Gauge, *Gauge] }

// With returns the Gauge of the series with these values; see CounterVec.With.
func (v *GaugeVec) With(values ...string) *Gauge { return v.f.with(values) }

// Func adds a series whose value f is asked for at each scrape, from any
// goroutine. The series must not be there yet.
func (v *GaugeVec) Func(f func() float64, values ...string) error { return v.f.compute(f, values) }

// Forget takes out the series with these values that Func added. What is being
// read may still ask for it.
func (v *GaugeVec) Forget(values ...string) { v.f.forget(values) }

// Gauge returns the gauge of this name, and makes it where it is not there. See
// Counter for errors.
func (r *Registry) Gauge(name, help string) (*Gauge, error) {
	v, err := r.GaugeVec(name, help)
	if err != nil {
		return nil, err
	}
	return v.With(), nil
}

// GaugeFunc adds a gauge whose value f is asked for at each scrape, from any
// goroutine.
func (r *Registry) GaugeFunc(name, help string, f func() float64) error {
	v, err := r.GaugeVec(name, help)
	if err != nil {
		return err
	}
	return v.Func(f)
}

// GaugeVec returns the family of gauges of this name with these labels. See
// Counter for errors.
func (r *Registry) GaugeVec(name, help string, labels ...string) (*GaugeVec, error) {
	f, err := register[Gauge](r, description{name: name, help: help, kind: gauge, labels: labels})
	return &GaugeVec{f}, err
}
