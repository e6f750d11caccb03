package metrics

import (
	"net/http"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/streamgate/streamgate/metrics"
)

// paired runs both in turn, in blocks, so that a noisy machine is noisy to both,
// and reports what CPU time one call of each costs.
func paired(b *testing.B, calls int, ours, theirs func()) {
	b.Helper()
	var mine, other time.Duration
	for b.Loop() {
		mine += timed(calls, ours)
		other += timed(calls, theirs)
	}
	n := float64(b.N * calls)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(mine)/n, "ours-ns")
	b.ReportMetric(float64(other)/n, "theirs-ns")
	b.ReportMetric(float64(other)/float64(mine), "times-cheaper")
	b.ReportMetric(testing.AllocsPerRun(100, ours), "ours-allocs")
	b.ReportMetric(testing.AllocsPerRun(100, theirs), "theirs-allocs")
}

// timed is the CPU time of the process, where the system tells it: what other
// processes take is not in it.
func timed(calls int, f func()) time.Duration {
	begin := used()
	for range calls {
		f()
	}
	return used() - begin
}

func BenchmarkIncrement(b *testing.B) {
	ours := must(must(metrics.New(nil)).Counter("x_total", "x"))
	theirs := prometheus.NewCounter(prometheus.CounterOpts{Name: "x_total", Help: "x"})
	paired(b, 100_000, ours.Inc, theirs.Inc)
}

func BenchmarkObserve(b *testing.B) {
	ours := must(must(metrics.New(nil)).Histogram("x_seconds", "x", nil))
	theirs := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "x_seconds", Help: "x", Buckets: metrics.DurationBuckets()})
	paired(b, 100_000, func() { ours.Observe(0.03) }, func() { theirs.Observe(0.03) })
}

func BenchmarkLookup(b *testing.B) {
	labels := []string{"service", "route", "code"}
	ours := must(must(metrics.New(nil)).CounterVec("x_total", "x", labels...))
	theirs := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "x_total", Help: "x"}, labels)
	paired(b, 10_000,
		func() { ours.With("upload", "/v1/uploads/{id}", "200").Inc() },
		func() { theirs.WithLabelValues("upload", "/v1/uploads/{id}", "200").Inc() })
}

// BenchmarkRequest counts a request with all that a route counts: by code and
// method, in flight, duration, size of request and answer.
func BenchmarkRequest(b *testing.B) {
	body := []byte("done")
	bare := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(body) })
	ours, theirs := instrumented(bare)
	w, r := discard{make(http.Header)}, request(http.MethodGet)
	base := timed(1_000_000, func() { bare.ServeHTTP(w, r) })
	paired(b, 10_000, func() { ours.ServeHTTP(w, r) }, func() { theirs.ServeHTTP(w, r) })
	b.ReportMetric(float64(base)/1_000_000, "bare-ns")
}

func BenchmarkScrape(b *testing.B) {
	for name, fill := range map[string]func(n int) (ours, theirs http.Handler){
		"counters": counters, "histograms": histograms, "gate": mixture,
	} {
		b.Run(name, func(b *testing.B) {
			ours, theirs := fill(tenThousand)
			w, r := discard{make(http.Header)}, request(http.MethodGet)
			paired(b, 10, func() { ours.ServeHTTP(w, r) }, func() { theirs.ServeHTTP(w, r) })
		})
	}
}
