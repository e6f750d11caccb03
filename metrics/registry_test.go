package metrics_test

import (
	"bytes"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/metrics"
)

func TestAFamilyThatCannotWorkIsRefused(t *testing.T) {
	type family = func(r *metrics.Registry) error
	counter := func(name, help string, labels ...string) family {
		return func(r *metrics.Registry) error { _, err := r.CounterVec(name, help, labels...); return err }
	}
	gauge := func(name string, labels ...string) family {
		return func(r *metrics.Registry) error { _, err := r.GaugeVec(name, "x", labels...); return err }
	}
	histogram := func(name string, buckets []float64, labels ...string) family {
		return func(r *metrics.Registry) error { _, err := r.HistogramVec(name, "x", buckets, labels...); return err }
	}
	for name, tt := range map[string]struct {
		make family
		want string // in the error
	}{
		"an empty name":                   {counter("", "x"), "a name has letters"},
		"a name with a dash":              {counter("a-b_total", "x"), "a name has letters"},
		"a name with a newline":           {counter("a_total\n", "x"), "a name has letters"},
		"a name with a colon":             {gauge("a:b"), "a name has letters"},
		"a name of another script":        {gauge("größe"), "a name has letters"},
		"a name that begins with a digit": {gauge("1st"), "a name has letters"},
		"a counter without _total":        {counter("a", "x"), "ends with _total"},
		"a gauge with _total":             {gauge("a_total"), "only the name of a counter"},
		"a gauge like a histogram's part": {gauge("a_count"), "_count"},
		"no help":                         {counter("a_total", " "), "help is empty"},
		"a label with a dash":             {gauge("a", "b-c"), `the label "b-c"`},
		"a label twice":                   {gauge("a", "b", "b"), "twice"},
		"a label of Prometheus":           {gauge("a", "__name__"), "Prometheus"},
		"the label of buckets":            {histogram("a_bytes", nil, "le"), "Prometheus"},
		"a label of the registry":         {gauge("a", "gate"), "of the registry"},
		"buckets that fall":               {histogram("a_bytes", []float64{2, 1}), "do not rise"},
		"a bucket twice":                  {histogram("a_bytes", []float64{1, 1}), "do not rise"},
		"a bucket that is no number":      {histogram("a_bytes", []float64{math.NaN()}), "no number"},
		"the bucket that is always there": {histogram("a_bytes", []float64{1, math.Inf(1)}), "no number"},
		"too many buckets":                {histogram("a_bytes", make101()), "101 buckets"},
		"no buckets, and no unit":         {histogram("a", nil), "has no buckets"},
		"the same name for another kind":  {gauge("streamgate_metrics_overflow"), ""},
		"the same name, other labels":     {counter("streamgate_metrics_overflow_total", "x"), "already"},
	} {
		t.Run(name, func(t *testing.T) {
			err := tt.make(must(metrics.New(&metrics.Options{Labels: map[string]string{"gate": "a"}})))
			if tt.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "metrics: ") {
				t.Errorf("got %v, want one that says %q", err, tt.want)
			}
		})
	}
}

func make101() []float64 {
	var all []float64
	for i := range 101 {
		all = append(all, float64(i))
	}
	return all
}

func TestALabelOfTheRegistryHasAName(t *testing.T) {
	if _, err := metrics.New(&metrics.Options{Labels: map[string]string{"a b": "x"}}); err == nil {
		t.Error("it was taken")
	}
}

func TestASeriesThatIsComputedIsThereOnce(t *testing.T) {
	r := must(metrics.New(&metrics.Options{MaxSeries: 2}))
	one := func() float64 { return 1 }
	v := must(r.GaugeVec("x", "x", "label"))
	for name, tt := range map[string]struct {
		err  error
		want string
	}{
		"the first":              {v.Func(one, "a"), ""},
		"the same":               {v.Func(one, "a"), "already"},
		"too few values":         {v.Func(one), "0 values for 1"},
		"no function":            {v.Func(nil, "b"), "no function"},
		"one that is set":        {func() error { v.With("c").Set(2); return v.Func(one, "c") }(), "already"},
		"more than there may be": {v.Func(one, "d"), "no more"},
	} {
		if tt.want == "" && tt.err != nil || tt.want != "" && (tt.err == nil || !strings.Contains(tt.err.Error(), tt.want)) {
			t.Errorf("%s: %v, want %q", name, tt.err, tt.want)
		}
	}
}

func TestTheSameNameIsTheSameSeries(t *testing.T) {
	r := must(metrics.New(nil))
	one, again := must(r.Counter("x_total", "x")), must(r.Counter("x_total", "x"))
	if one != again {
		t.Error("there are two")
	}
	if _, err := r.Counter("x_total", "y"); err == nil {
		t.Error("another help was taken")
	}
	if must(r.Histogram("x_bytes", "x", nil)) != must(r.Histogram("x_bytes", "x", metrics.SizeBuckets())) {
		t.Error("there are two histograms")
	}
	if _, err := r.Histogram("x_bytes", "x", []float64{1}); err == nil {
		t.Error("other buckets were taken")
	}
}

const whole = `# HELP streamgate_metrics_overflow_total Uses of the series that takes what a family has no room for, see MaxSeries.
# TYPE streamgate_metrics_overflow_total counter
streamgate_metrics_overflow_total{gate="a",family="things_seconds"} 0
streamgate_metrics_overflow_total{gate="a",family="things_total"} 0
# HELP temperature With a backslash \\ and\na newline.
# TYPE temperature gauge
temperature{gate="a"} -1.5
# HELP things_seconds How long.
# TYPE things_seconds histogram
things_seconds_bucket{gate="a",kind="x",le="0.5"} 1
things_seconds_bucket{gate="a",kind="x",le="2"} 3
things_seconds_bucket{gate="a",kind="x",le="+Inf"} 4
things_seconds_sum{gate="a",kind="x"} 1e+20
things_seconds_count{gate="a",kind="x"} 4
# HELP things_total How many.
# TYPE things_total counter
things_total{gate="a",kind="x"} 2
things_total{gate="a",kind="y"} 1
# HELP uptime Asked for.
# TYPE uptime gauge
uptime{gate="a"} +Inf
`

func TestTheExpositionIsWrittenInOrderWithHelpAndType(t *testing.T) {
	r := must(metrics.New(&metrics.Options{Labels: map[string]string{"gate": "a"}}))
	if err := r.GaugeFunc("uptime", "Asked for.", func() float64 { return math.Inf(1) }); err != nil {
		t.Fatal(err)
	}
	things := must(r.CounterVec("things_total", "How many.", "kind"))
	things.With("y").Inc()
	things.With("x").Add(2)
	things.With("x").Add(-1) // a counter does not fall
	must(r.Gauge("temperature", "With a backslash \\ and\na newline.")).Set(-1.5)
	seconds := must(r.HistogramVec("things_seconds", "How long.", []float64{0.5, 2}, "kind")).With("x")
	for _, v := range []float64{0, 0.6, 2, 1e20, -1, math.NaN(), math.Inf(1)} {
		seconds.Observe(v)
	}
	var b bytes.Buffer
	if _, err := r.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(whole, b.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	parse(t, b.String())
}

func TestSeveralRegistriesDoNotMeet(t *testing.T) {
	a := must(metrics.New(&metrics.Options{Labels: map[string]string{"gate": "a"}}))
	b := must(metrics.New(&metrics.Options{Labels: map[string]string{"gate": "b"}}))
	for i, r := range []*metrics.Registry{a, b} {
		must(metrics.NewGate(r)).UploadsCompleted.Add(int64(i + 1))
	}
	must(a.Gauge("only_in_a", "x")).Set(3)
	must(b.Gauge("unlike", "x")).Set(1)
	must(a.Histogram("unlike", "x", []float64{1})).Observe(1)

	w := httptest.NewRecorder()
	metrics.Handler(a, b).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	x := parse(t, w.Body.String())
	for key, want := range map[string]float64{
		`streamgate_uploads_completed_total{gate="a"}`: 1,
		`streamgate_uploads_completed_total{gate="b"}`: 2,
		`only_in_a{gate="a"}`:                          3,
		`unlike_count{gate="a"}`:                       1,
	} {
		if x.values[key] != want {
			t.Errorf("%s is %v, want %v", key, x.values[key], want)
		}
	}
	if x.kinds["unlike"] != "histogram" {
		t.Errorf("a family of two kinds is a %s", x.kinds["unlike"])
	}
}
