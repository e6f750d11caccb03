package metrics

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/streamgate/streamgate/metrics"
)

const tenThousand = 10_000

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// discard is a client that costs nothing.
type discard struct{ h http.Header }

func (d discard) Header() http.Header         { return d.h }
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (d discard) WriteHeader(int)             {}

func request(method string) *http.Request {
	return httptest.NewRequest(method, "/v1/uploads/x", http.NoBody)
}

// instrumented puts a handler behind what each side offers for a route.
func instrumented(h http.Handler) (ours, theirs http.Handler) {
	middleware := must(must(metrics.New(nil)).Route("upload", "/v1/uploads", "/v1/uploads/{id}"))

	labels := []string{"code", "method"}
	route := prometheus.Labels{"service": "upload", "route": "/v1/uploads/{id}"}
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "requests_total", Help: "x", ConstLabels: route}, labels)
	inFlight := prometheus.NewGauge(prometheus.GaugeOpts{Name: "in_flight", Help: "x", ConstLabels: route})
	duration := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "seconds", Help: "x", ConstLabels: route, Buckets: metrics.DurationBuckets()}, labels[1:])
	sizes := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "request_bytes", Help: "x", ConstLabels: route, Buckets: metrics.SizeBuckets()}, labels[1:])
	answers := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "response_bytes", Help: "x", ConstLabels: route, Buckets: metrics.SizeBuckets()}, labels[1:])
	theirs = promhttp.InstrumentHandlerInFlight(inFlight,
		promhttp.InstrumentHandlerDuration(duration,
			promhttp.InstrumentHandlerCounter(requests,
				promhttp.InstrumentHandlerRequestSize(sizes,
					promhttp.InstrumentHandlerResponseSize(answers, h)))))
	return middleware(h), theirs
}

// pair is a registry of each side.
type pair struct {
	ours   *metrics.Registry
	theirs *prometheus.Registry
}

func newPair() pair { return pair{must(metrics.New(nil)), prometheus.NewRegistry()} }

func (p pair) handlers() (ours, theirs http.Handler) {
	return p.ours.Handler(), promhttp.HandlerFor(p.theirs, promhttp.HandlerOpts{})
}

var labelNames = []string{"service", "route", "code"}

func values(i int) []string {
	return []string{[]string{"upload", "metadata", "streaming", "gateway"}[i%4], fmt.Sprintf("/v1/route%d/{id}", i/4), "200"}
}

// addCounters adds n counters to both, in families of 1000.
func (p pair) addCounters(n int) {
	for family := 0; n > 0; family++ {
		name := fmt.Sprintf("streamgate_things%d_total", family)
		ours := must(p.ours.CounterVec(name, "x", labelNames...))
		theirs := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: "x"}, labelNames)
		p.theirs.MustRegister(theirs)
		for i := range min(n, 1000) {
			ours.With(values(i)...).Add(int64(i) * 1000)
			theirs.WithLabelValues(values(i)...).Add(float64(i) * 1000)
		}
		n -= 1000
	}
}

// addHistograms adds histograms of n lines together.
func (p pair) addHistograms(n int) {
	lines := len(metrics.DurationBuckets()) + 3
	ours := must(p.ours.HistogramVec("streamgate_x_seconds", "x", nil, labelNames...))
	theirs := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "streamgate_x_seconds", Help: "x", Buckets: metrics.DurationBuckets()}, labelNames)
	p.theirs.MustRegister(theirs)
	for i := range n / lines {
		for _, v := range []float64{0.0007, 0.03, 0.3, 7} {
			ours.With(values(i)...).Observe(v)
			theirs.WithLabelValues(values(i)...).Observe(v)
		}
	}
}

func counters(n int) (ours, theirs http.Handler) {
	p := newPair()
	p.addCounters(n)
	return p.handlers()
}

func histograms(n int) (ours, theirs http.Handler) {
	p := newPair()
	p.addHistograms(n)
	return p.handlers()
}

// mixture is what a Gate has: two lines in three are those of histograms.
func mixture(n int) (ours, theirs http.Handler) {
	p := newPair()
	p.addCounters(n / 3)
	p.addHistograms(n - n/3)
	return p.handlers()
}
