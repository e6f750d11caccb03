package ratelimit_test

import (
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"testing"

	"github.com/streamgate/streamgate/ratelimit"
)

// generous never refuses in a benchmark.
var generous = ratelimit.Limit{Burst: ratelimit.MaxBurst, Rate: ratelimit.MaxRate}

func newMemory(tb testing.TB, limit ratelimit.Limit, o *ratelimit.MemoryOptions) *ratelimit.Memory {
	tb.Helper()
	m, err := ratelimit.NewMemory(limit, o)
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

func BenchmarkTakeOfOneKey(b *testing.B) {
	m, ctx := newMemory(b, generous, nil), b.Context()
	b.ReportAllocs()
	for b.Loop() {
		if _, _, _, ok, _ := m.Take(ctx, "192.0.2.1"); !ok {
			b.Fatal("refused")
		}
	}
}

func BenchmarkTakeNOfOneKey(b *testing.B) {
	m, ctx := newMemory(b, generous, nil), b.Context()
	b.ReportAllocs()
	for b.Loop() {
		if r, _ := m.TakeN(ctx, "192.0.2.1", 0.1); !r.OK {
			b.Fatal("refused")
		}
	}
}

func BenchmarkTakeOfAMillionKeys(b *testing.B) {
	keys := make([]string, 1_000_000)
	for i := range keys {
		keys[i] = "key-" + strconv.Itoa(i)
	}
	// A token flows back so slowly that no key is idle.
	limit := ratelimit.Limit{Burst: ratelimit.MaxBurst, Rate: ratelimit.MinRate}
	before := heap()
	m, ctx := newMemory(b, limit, nil), b.Context()
	for _, key := range keys {
		_, _, _, _, _ = m.Take(ctx, key)
	}
	perKey := float64(heap()-before) / float64(m.Stats().Keys)
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		_, _, _, _, _ = m.Take(ctx, keys[i%len(keys)])
		i += 7919
	}
	b.ReportMetric(perKey, "B/key")
}

// heap is what is alive.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func BenchmarkMiddleware(b *testing.B) {
	for name, o := range map[string]*ratelimit.Options{
		"with headers": nil, "without": {NoHeaders: true},
	} {
		b.Run(name, func(b *testing.B) {
			l, err := ratelimit.New(generous, ratelimit.ByClientIP, o)
			if err != nil {
				b.Fatal(err)
			}
			h := l.Middleware(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.RemoteAddr = "[2001:db8:0:7::1]:443"
			w := discard{http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				clear(w.header)
				h.ServeHTTP(w, r)
			}
		})
	}
}

type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (discard) WriteHeader(int)               {}
