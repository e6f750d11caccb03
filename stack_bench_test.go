package streamgate

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/streamgate/streamgate/auth"
)

// BenchmarkStack is what all layers cost one request, access log included.
func BenchmarkStack(b *testing.B) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	for _, bb := range []struct {
		name   string
		logger *slog.Logger
	}{
		{"text log", slog.New(slog.NewTextHandler(struct{ io.Writer }{io.Discard}, nil))},
		{"no log", slog.New(slog.DiscardHandler)},
	} {
		b.Run(bb.name, func(b *testing.B) {
			g, err := New(b.TempDir(), WithAuthenticator(auth.Everybody("ada")), WithLogger(bb.logger), WithAllowedHosts("example.com"))
			if err != nil {
				b.Fatal(err)
			}
			defer g.Stop(context.Background()) //nolint:errcheck // nothing runs
			h := g.behindStack([]route{{path: "/x", handler: handler}})
			r := httptest.NewRequest(http.MethodGet, "/x/y", nil)
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(httptest.NewRecorder(), r)
			}
		})
	}
	b.Run("bare", func(b *testing.B) {
		r := httptest.NewRequest(http.MethodGet, "/x/y", nil)
		b.ReportAllocs()
		for b.Loop() {
			handler.ServeHTTP(httptest.NewRecorder(), r)
		}
	})
}
