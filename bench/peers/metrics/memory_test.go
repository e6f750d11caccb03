package metrics

import (
	"fmt"
	"io"
	"runtime"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/streamgate/streamgate/metrics"
)

// tenThousandSeries fills a family of either side; the values are made beforehand
// and are not counted.
func tenThousandSeries() (ours, theirs func() any) {
	all := make([][]string, tenThousand)
	for i := range all {
		all[i] = []string{"upload", fmt.Sprintf("/v1/uploads/route-%d/{id}", i), "200"}
	}
	ours = func() any {
		r := must(metrics.New(&metrics.Options{MaxSeries: tenThousand}))
		v := must(r.CounterVec("streamgate_x_total", "x", labelNames...))
		for _, values := range all {
			v.With(values...).Inc()
		}
		_, _ = r.WriteTo(io.Discard) // what a scrape leaves behind is counted, too
		return r
	}
	theirs = func() any {
		v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "streamgate_x_total", Help: "x"}, labelNames)
		for _, values := range all {
			v.WithLabelValues(values...).Inc()
		}
		return v
	}
	return ours, theirs
}

// heapOf is what something takes that is kept, in bytes.
func heapOf(fill func() any) float64 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&before)
	kept := fill()
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(kept)
	return float64(after.HeapAlloc) - float64(before.HeapAlloc)
}

func TestTenThousandSeriesTakeLessThanTwoMegabytes(t *testing.T) {
	ours, theirs := tenThousandSeries()
	mine, other := heapOf(ours), heapOf(theirs)
	if mine > 2<<20 || mine > other/2 {
		t.Errorf("%.2f MB; client_golang has %.2f", mine/1e6, other/1e6)
	}
}

func BenchmarkTenThousandSeries(b *testing.B) {
	ours, theirs := tenThousandSeries()
	var mine, other float64
	for b.Loop() {
		mine += heapOf(ours)
		other += heapOf(theirs)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(mine/float64(b.N)/1e6, "ours-MB")
	b.ReportMetric(other/float64(b.N)/1e6, "theirs-MB")
	b.ReportMetric(other/mine, "times-smaller")
}
