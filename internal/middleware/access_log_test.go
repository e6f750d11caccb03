package middleware_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/streamgate/streamgate/internal/middleware"
	"github.com/streamgate/streamgate/internal/problem"
)

// TestALogLineStaysOneLine sends what would forge another line, colour a
// terminal or end a JSON string, in everything that is logged.
func TestALogLineStaysOneLine(t *testing.T) {
	const hostile = "/a\nlevel=ERROR msg=forged\x1b[31m\"}\r\n{\"level\":\"ERROR\"}\u2028\u202e"
	handlers := map[string]func(io.Writer) slog.Handler{
		"text": func(w io.Writer) slog.Handler { return slog.NewTextHandler(w, nil) },
		"JSON": func(w io.Writer) slog.Handler { return slog.NewJSONHandler(w, nil) },
	}
	for name, handler := range handlers {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			h := middleware.Chain(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				problem.Write(w, r, problem.Errorf(problem.ErrNotFound, "there is no %s", r.URL.Path))
			}), middleware.Begin(middleware.BeginOptions{Logger: slog.New(handler(&out))}))
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.URL.Path, r.Method = hostile, "GE\nT"
			r.RemoteAddr = "1.2.3.4:5\nforged"
			r.Header["X-Request-Id"] = []string{"a\nb"}
			h.ServeHTTP(httptest.NewRecorder(), r)
			if n := strings.Count(out.String(), "\n"); n != 1 || strings.ContainsAny(out.String(), "\x1b\r") {
				t.Errorf("%d lines:\n%q", n, out.String())
			}
		})
	}
}

func TestALogLineHasNoSecretAndABoundedPath(t *testing.T) {
	var out bytes.Buffer
	h := middleware.Begin(middleware.BeginOptions{Logger: slog.New(slog.NewTextHandler(&out, nil))})(http.NotFoundHandler())
	r := httptest.NewRequest(http.MethodGet, "/"+strings.Repeat("x", 1<<20)+"?token=canary", nil)
	r.Header.Set("Authorization", "Bearer canary")
	r.Header.Set("Cookie", "session=canary")
	r.Header.Set("Referer", "https://x/?token=canary")
	h.ServeHTTP(httptest.NewRecorder(), r)
	if out.Len() > 2000 || strings.Contains(out.String(), "canary") {
		t.Errorf("%d bytes: %.3000s", out.Len(), out.String())
	}
}
