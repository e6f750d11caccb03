package streamgate

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/ratelimit"
)

// BenchmarkStack is what all layers cost a request with an answer of 1 KB, over
// the bare handler: log line, metrics, limits, authentication.
func BenchmarkStack(b *testing.B) {
	body := make([]byte, 1<<10)
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(body) })
	large := ratelimit.Limit{Burst: ratelimit.MaxBurst, Rate: ratelimit.MaxRate}
	text, silent := slog.New(slog.NewTextHandler(struct{ io.Writer }{io.Discard}, nil)), slog.New(slog.DiscardHandler)
	for _, bb := range []struct {
		name   string
		logger *slog.Logger
		opts   []Option
	}{
		{"all", text, nil},
		{"no log", silent, nil},
		{"no log, quiet", silent, []Option{WithQuietAnswers()}},
	} {
		b.Run(bb.name, func(b *testing.B) {
			g, err := New(b.TempDir(), append(bb.opts, WithAuthenticator(auth.Everybody("ada")), WithLogger(bb.logger),
				WithAllowedHosts("example.com"), WithRateLimit("gateway", large))...)
			if err != nil {
				b.Fatal(err)
			}
			defer g.Stop(context.Background()) //nolint:errcheck // nothing runs
			h, err := g.behindStack([]route{{path: "/x", service: "gateway", handler: handler}})
			if err != nil {
				b.Fatal(err)
			}
			drive(b, h)
		})
	}
	b.Run("bare", func(b *testing.B) { drive(b, handler) })
}

// drive answers to a writer that costs next to nothing itself.
func drive(b *testing.B, h http.Handler) {
	r := httptest.NewRequest(http.MethodGet, "/x/y", nil)
	w := &sink{header: make(http.Header)}
	b.ReportAllocs()
	for b.Loop() {
		clear(w.header)
		h.ServeHTTP(w, r)
	}
}

type sink struct{ header http.Header }

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) Write(p []byte) (int, error) { return len(p), nil }
func (s *sink) WriteHeader(int)             {}
