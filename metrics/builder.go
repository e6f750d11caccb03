package metrics

// builder makes families one after the other, and keeps the first error.
type builder struct {
	registry *Registry
	err      error
}

func (b *builder) counters(name, help string, labels ...string) *CounterVec {
	v, err := b.registry.CounterVec(name, help, labels...)
	b.keep(err)
	return v
}

func (b *builder) gauges(name, help string, labels ...string) *GaugeVec {
	v, err := b.registry.GaugeVec(name, help, labels...)
	b.keep(err)
	return v
}

func (b *builder) histograms(name, help string, labels ...string) *HistogramVec {
	v, err := b.registry.HistogramVec(name, help, nil, labels...)
	b.keep(err)
	return v
}

func (b *builder) keep(err error) {
	if b.err == nil {
		b.err = err
	}
}
