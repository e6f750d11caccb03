package metrics

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
)

// BenchmarkExpose is a scrape of 10,000 lines, without the peer.
func BenchmarkExpose(b *testing.B) {
	r, err := New(&Options{MaxSeries: 10_000})
	if err != nil {
		b.Fatal(err)
	}
	h, err := r.HistogramVec("x_seconds", "x", nil, "service", "route", "code")
	if err != nil {
		b.Fatal(err)
	}
	for i := range 556 {
		h.With("upload", "/v1/route"+strconv.Itoa(i)+"/{id}", "200").Observe(1)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.WriteTo(io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRoute is what counting a request costs, without the peer.
func BenchmarkRoute(b *testing.B) {
	r, err := New(nil)
	if err != nil {
		b.Fatal(err)
	}
	middleware, err := r.Route("upload", "/v1/uploads", "/v1/uploads/{id}")
	if err != nil {
		b.Fatal(err)
	}
	h := middleware(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	req := httptest.NewRequest(http.MethodGet, "/v1/uploads/x", http.NoBody)
	w := httptest.NewRecorder()
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(w, req)
	}
}
