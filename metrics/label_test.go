package metrics_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/metrics"
)

func TestWhateverValueALabelHasItIsReadBack(t *testing.T) {
	long := strings.Repeat("x", 128)
	for name, tt := range map[string]struct{ value, want string }{
		"a word":                                  {"upload", "upload"},
		"nothing":                                 {"", ""},
		"a quote and a newline":                   {"a\"b\nc", "a\"b\nc"},
		"backslashes":                             {`\`, `\`},
		"a backslash before a quote":              {`a\"`, `a\"`},
		"what looks like the end of the labels":   {`x"} 1`, `x"} 1`},
		"what looks like another line":            {"x\"} 1\nforged_total 7", "x\"} 1\nforged_total 7"},
		"other scripts":                           {"Übertragung 動画", "Übertragung 動画"},
		"no UTF-8":                                {"a\xff\xfeb", "a\ufffd\ufffdb"},
		"half a character":                        {"a\xe5\x8b", "a\ufffd\ufffd"},
		"control characters":                      {"a\x00\x1b[31m\r\u009bb", "a\ufffd\ufffd[31m\ufffd\ufffdb"},
		"as long as it may be":                    {long, long},
		"longer than that":                        {long + "y", long},
		"longer, with a character across the end": {long[1:] + "動", long[1:]},
		"longer, and no UTF-8":                    {strings.Repeat("\x80", 300), strings.Repeat("\ufffd", 124)},
	} {
		t.Run(name, func(t *testing.T) {
			r := must(metrics.New(nil))
			v := must(r.CounterVec("x_total", "x", "before", "label", "after"))
			v.With("a", tt.value, "z").Inc()
			v.With("a", tt.value, "z").Inc() // is the same
			want := map[string]string{"before": "a", "label": tt.want, "after": "z"}
			if diff := cmp.Diff(want, only(t, r, "x_total", 2)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// only returns the labels of the only series of a family, which has this value.
func only(t testing.TB, r *metrics.Registry, family string, value float64) map[string]string {
	t.Helper()
	x := scrape(t, r)
	var found map[string]string
	for key, v := range x.values {
		if !strings.HasPrefix(key, family+"{") {
			continue
		}
		if found != nil || v != value {
			t.Errorf("%s is %v, and it should be alone with %v", key, v, value)
		}
		found = x.labels[key]
	}
	return found
}

func FuzzLabel(f *testing.F) {
	f.Add("upload", "x")
	f.Add("a\"b\nc", `\`)
	f.Add("\xff", "\u2028")
	f.Add(strings.Repeat("動", 50), "\x00")
	f.Fuzz(func(t *testing.T, one, two string) {
		r := must(metrics.New(nil))
		v := must(r.CounterVec("x_total", "x", "one", "two"))
		first := v.With(one, two)
		first.Inc()
		if v.With(one, two) != first {
			t.Errorf("%q, %q are two series", one, two)
		}
		want := map[string]string{"one": kept(one), "two": kept(two)}
		if diff := cmp.Diff(want, only(t, r, "x_total", 1)); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
}

// kept is what is left of a value, said in another way than the package does.
func kept(v string) string {
	if len(v) > 128 {
		end := 128
		for n := range 4 {
			if utf8.RuneStart(v[128-n]) {
				end = 128 - n
				break
			}
			end = 124
		}
		v = v[:end]
	}
	return strings.Map(func(r rune) rune {
		if r != '\n' && unicode.IsControl(r) {
			return utf8.RuneError
		}
		return r
	}, string([]rune(v)))
}

// Row 24 of the attacks: nothing that a client sends makes a series of its own.
func TestAHundredThousandRandomLabelsMakeABoundedNumberOfSeries(t *testing.T) {
	const limit, sent = 100, 100_000
	r := must(metrics.New(&metrics.Options{MaxSeries: limit}))
	v := must(r.CounterVec("x_total", "x", "path", "method", "host"))
	random := rand.New(rand.NewPCG(1, 2))
	word := func() string {
		b := make([]byte, 1+random.IntN(200))
		for i := range b {
			b[i] = byte(random.IntN(256))
		}
		return string(b)
	}
	for range sent {
		v.With("/"+word(), word(), word()+".example").Inc()
	}
	x := scrape(t, r)
	series, total := 0, 0.0
	for key, value := range x.values {
		if strings.HasPrefix(key, "x_total{") {
			series++
			total += value
		}
	}
	if series != limit+1 || total != sent {
		t.Errorf("%d series with %v together, want %d with %d", series, total, limit+1, sent)
	}
	for key, want := range map[string]float64{
		`x_total{path="other",method="other",host="other"}`:   sent - limit,
		`streamgate_metrics_overflow_total{family="x_total"}`: sent - limit,
	} {
		if x.values[key] != want {
			t.Errorf("%s is %v, want %v", key, x.values[key], want)
		}
	}
}

func TestTheWrongNumberOfValuesIsCountedAsOther(t *testing.T) {
	r := must(metrics.New(nil))
	v := must(r.GaugeVec("x", "x", "one", "two"))
	v.With("a").Set(1)
	v.With("a", "b", "c").Set(2)
	v.With().Set(3)
	v.With("other", "other").Add(1) // is the very series
	x := scrape(t, r)
	for key, want := range map[string]float64{
		`x{one="other",two="other"}`:                    4,
		`streamgate_metrics_overflow_total{family="x"}`: 3,
	} {
		if x.values[key] != want {
			t.Errorf("%s is %v, want %v", key, x.values[key], want)
		}
	}
}

func TestFindingASeriesAllocatesNothing(t *testing.T) {
	r := must(metrics.New(&metrics.Options{MaxSeries: 3}))
	v := must(r.CounterVec("x_total", "x", "one", "two", "three"))
	for name, values := range map[string][3]string{
		"words":         {"upload", "/v1/uploads/{id}", "200"},
		"other scripts": {"動画", "Übertragung", "é"},
	} {
		find := func() { v.With(values[0], values[1], values[2]).Inc() }
		find()
		if n := testing.AllocsPerRun(100, find); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// Many make the same series at the same time while somebody scrapes.
func TestASeriesIsMadeOnceHoweverManyAskForIt(t *testing.T) {
	const goroutines, series = 8, 500
	r := must(metrics.New(nil))
	v := must(r.CounterVec("x_total", "x", "label"))
	done := make(chan struct{})
	for range goroutines {
		go func() {
			for i := range series {
				v.With(fmt.Sprint("\xff", i)).Inc()
			}
			done <- struct{}{}
		}()
	}
	for range goroutines {
		scrape(t, r)
		<-done
	}
	x := scrape(t, r)
	for i := range series {
		if key := fmt.Sprintf("x_total{label=%q}", fmt.Sprint("\ufffd", i)); x.values[key] != goroutines {
			t.Errorf("%s is %v", key, x.values[key])
		}
	}
}
