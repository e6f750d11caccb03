package stack

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	chimiddleware "github.com/go-chi/chi/v5/middleware"
	"github.com/go-chi/httplog/v3"
	"github.com/go-chi/httprate"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/streamgate/streamgate"
	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/ratelimit"
)

// logger formats each line, and throws it away.
func logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(struct{ io.Writer }{io.Discard}, nil))
}

// gate serves its own /health: the least that goes through its whole stack.
func gate(b *testing.B, log *slog.Logger, opts ...streamgate.Option) http.Handler {
	b.Helper()
	large := ratelimit.Limit{Burst: ratelimit.MaxBurst, Rate: ratelimit.MaxRate}
	g, err := streamgate.New(b.TempDir(), append(opts, streamgate.WithAuthenticator(auth.Everybody("ada")),
		streamgate.WithLogger(log), streamgate.WithRateLimit("health", large))...)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = g.Stop(context.Background()) })
	return g
}

// assembled is what documentation and examples of these packages put together:
// an id, a log line, recovery, count and latency by route and status, a limit by
// address.
func assembled(log *slog.Logger) http.Handler {
	registry := prometheus.NewRegistry()
	labels := []string{"code", "method"}
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "requests_total"}, labels)
	latency := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "duration_seconds"}, labels)
	size := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "response_bytes", Buckets: prometheus.ExponentialBuckets(100, 10, 6)}, labels)
	inFlight := prometheus.NewGauge(prometheus.GaugeOpts{Name: "in_flight"})
	registry.MustRegister(requests, latency, size, inFlight)
	r := chi.NewRouter()
	r.Use(chimiddleware.RequestID)
	if log != nil {
		r.Use(httplog.RequestLogger(log, &httplog.Options{Level: slog.LevelInfo, RecoverPanics: true}))
	} else {
		r.Use(chimiddleware.Recoverer)
	}
	r.Use(func(next http.Handler) http.Handler {
		return promhttp.InstrumentHandlerInFlight(inFlight, promhttp.InstrumentHandlerCounter(requests,
			promhttp.InstrumentHandlerDuration(latency, promhttp.InstrumentHandlerResponseSize(size, next))))
	})
	r.Use(httprate.LimitBy(1<<30, time.Minute, func(r *http.Request) (string, error) {
		return httprate.CanonicalizeIP(ratelimit.RemoteIP(r).String()), nil
	}))
	r.Get("/health", answer)
	return r
}

// answer does what a Gate's /health does.
func answer(w http.ResponseWriter, r *http.Request) {
	body, err := json.Marshal(map[string]any{"status": "ok"})
	if err != nil || r.Method != http.MethodGet {
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(append(body, '\n'))
}

type sink struct {
	header  http.Header
	refused bool
}

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) Write(p []byte) (int, error) { return len(p), nil }
func (s *sink) WriteHeader(status int)      { s.refused = status >= 400 }

// drive sends n requests, and returns the CPU of each.
func drive(h http.Handler, n int) time.Duration {
	r := httptest.NewRequest(http.MethodGet, "/health", nil)
	w := &sink{header: make(http.Header)}
	if h.ServeHTTP(w, r); w.refused {
		panic("a limit was met")
	}
	begin := cpu()
	for range n {
		clear(w.header)
		h.ServeHTTP(w, r)
	}
	return (cpu() - begin) / time.Duration(n)
}

func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkStack is what each adds to a bare handler, in CPU: medians of rounds by
// turns, with and without a log line, most of whose cost is slog's own handler.
// Wanted: at most 1.5 µs, and an eighth of the others.
func BenchmarkStack(b *testing.B) {
	const requests = 20_000
	silent := slog.New(slog.DiscardHandler)
	contestants := map[string]http.Handler{
		"bare":      http.HandlerFunc(answer),
		"gate":      gate(b, logger()),
		"gate-mute": gate(b, silent),
		"quiet":     gate(b, silent, streamgate.WithQuietAnswers()),
		"chi":       assembled(logger()),
		"chi-mute":  assembled(nil),
	}
	times := make(map[string][]time.Duration)
	for b.Loop() {
		for name, h := range contestants {
			times[name] = append(times[name], drive(h, requests))
		}
	}
	median := func(name string) float64 {
		slices.Sort(times[name])
		return float64(times[name][len(times[name])/2].Nanoseconds())
	}
	bare := median("bare")
	b.ReportMetric(0, "ns/op")
	for _, name := range []string{"gate", "gate-mute", "quiet", "chi", "chi-mute"} {
		b.ReportMetric(median(name)-bare, name+"-ns")
	}
	b.ReportMetric((median("gate")-bare)/(median("chi")-bare), "gate/chi")
	b.ReportMetric((median("quiet")-bare)/(median("chi-mute")-bare), "quiet/chi-mute")
}
