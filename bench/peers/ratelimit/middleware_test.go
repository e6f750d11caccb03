package ratelimit_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/go-chi/httprate"

	"github.com/streamgate/streamgate/ratelimit"
)

// layers are the two around the same handler, both by the network of the
// connection's address and with their header fields.
func layers(tb testing.TB) (ours, theirs http.Handler) {
	tb.Helper()
	nothing := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	l, err := ratelimit.New(hourly, ratelimit.ByClientIP, nil)
	if err != nil {
		tb.Fatal(err)
	}
	byAddress := httprate.LimitBy(ratelimit.MaxBurst, time.Hour, func(r *http.Request) (string, error) {
		return httprate.CanonicalizeIP(ratelimit.RemoteIP(r).String()), nil
	})
	return l.Middleware(nothing), byAddress(nothing)
}

// writer takes what a handler says.
type writer struct{ header http.Header }

func (w writer) Header() http.Header         { return w.header }
func (w writer) Write(p []byte) (int, error) { return len(p), nil }
func (writer) WriteHeader(int)               {}

func serving(h http.Handler, remote string) func(i int) {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.RemoteAddr = remote
	w := writer{http.Header{}}
	return func(int) {
		clear(w.header)
		h.ServeHTTP(w, r)
	}
}

func BenchmarkMiddleware(b *testing.B) {
	for name, remote := range map[string]string{"IPv4": "192.0.2.1:80", "IPv6": "[2001:db8:0:7::1]:80"} {
		b.Run(name, func(b *testing.B) {
			a, z := layers(b)
			for b.Loop() {
				r, nanos := ratio(b, 300_000, serving(a, remote), serving(z, remote))
				b.ReportMetric(r, "CPU/httprate")
				b.ReportMetric(nanos, "ns/request")
			}
		})
	}
}

func TestTheMiddlewareAllocatesLess(t *testing.T) {
	a, z := layers(t)
	allocations := func(h http.Handler) float64 {
		serve := serving(h, "[2001:db8:0:7::1]:80")
		return testing.AllocsPerRun(100, func() { serve(0) })
	}
	ours, theirs := allocations(a), allocations(z)
	t.Logf("%v allocations a request, httprate %v", ours, theirs)
	if ours > 2 || ours >= theirs {
		t.Errorf("%v allocations a request, httprate %v", ours, theirs)
	}
}
