package metrics

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/streamgate/streamgate/metrics"
)

// read has Prometheus' own parser read an exposition: a line for each series.
func read(t testing.TB, text []byte) []string {
	t.Helper()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, name := range slices.Sorted(maps.Keys(families)) {
		for _, m := range families[name].GetMetric() {
			line := fmt.Sprintf("%s %s (%s)", families[name].GetType(), name, families[name].GetHelp())
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, fmt.Sprintf(" %s=%q", l.GetName(), l.GetValue()))
			}
			slices.Sort(labels) // client_golang sorts them
			line += strings.Join(labels, "")
			if c := m.GetCounter(); c != nil {
				line += fmt.Sprint(" ", c.GetValue())
			}
			if g := m.GetGauge(); g != nil {
				line += fmt.Sprint(" ", g.GetValue())
			}
			if h := m.GetHistogram(); h != nil {
				line += fmt.Sprint(" ", h.GetSampleCount(), h.GetSampleSum())
				for _, b := range h.GetBucket() {
					line += fmt.Sprintf(" %v:%d", b.GetUpperBound(), b.GetCumulativeCount())
				}
			}
			all = append(all, line)
		}
	}
	slices.Sort(all)
	return all
}

func answer(t testing.TB, h http.Handler) []byte {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, request(http.MethodGet))
	return w.Body.Bytes()
}

// TestBothExposeTheSame fills both with the same and has the same read back.
func TestBothExposeTheSame(t *testing.T) {
	p := newPair()
	p.addCounters(2500)
	p.addHistograms(500)
	ours, theirs := p.handlers()
	mine := slices.DeleteFunc(read(t, answer(t, ours)), func(l string) bool { return strings.Contains(l, "streamgate_metrics_overflow_total") })
	if diff := cmp.Diff(read(t, answer(t, theirs)), mine); diff != "" {
		t.Errorf("-client_golang +ours:\n%s", diff)
	}
}

// FuzzExposition has Prometheus' parser read back values that no one would choose.
func FuzzExposition(f *testing.F) {
	f.Add("upload", "x", 1.0)
	f.Add("a\"b\nc", `\`, -0.5)
	f.Add("\xff\x00", "x\"} 1\nforged 2", 1e300)
	f.Fuzz(func(t *testing.T, one, two string, value float64) {
		r := must(metrics.New(nil))
		must(r.GaugeVec("a", "x", "one", "two")).With(one, two).Set(value)
		must(r.HistogramVec("b_seconds", "x", nil, "one", "two")).With(two, one).Observe(value)
		if got := read(t, answer(t, r.Handler())); len(got) != 4 {
			t.Errorf("%d series: %q", len(got), got)
		}
	})
}
