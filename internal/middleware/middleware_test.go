package middleware_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/internal/access"
	"github.com/streamgate/streamgate/internal/middleware"
	"github.com/streamgate/streamgate/internal/problem"
)

// serve sends one request through access log and recover, and returns the
// answer and the line that was logged.
func serve(t *testing.T, h http.HandlerFunc) (*httptest.ResponseRecorder, map[string]any) {
	t.Helper()
	var lines bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&lines, nil))
	stack := middleware.Chain(h, middleware.Begin(middleware.BeginOptions{Logger: logger}), middleware.Recover)
	r := httptest.NewRequest(http.MethodGet, "/some/path?token=canary", nil)
	r.Header.Set("X-Request-ID", "r1")
	w := httptest.NewRecorder()
	func() {
		defer func() {
			if v := recover(); v != nil && v != http.ErrAbortHandler { //nolint:errorlint // as net/http does
				t.Errorf("a panic came through: %v", v)
			}
		}()
		stack.ServeHTTP(w, r)
	}()
	if n := strings.Count(lines.String(), "\n"); n != 1 {
		t.Fatalf("%d log lines, want 1:\n%s", n, lines.String())
	}
	if strings.Contains(lines.String(), "canary") {
		t.Errorf("the query is in the log: %s", lines.String())
	}
	var line map[string]any
	if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	for _, k := range []string{"time", "duration", "remote", "msg"} {
		if line[k] == nil {
			t.Errorf("%s is missing", k)
		}
		delete(line, k)
	}
	return w, line
}

func TestAccessLog(t *testing.T) {
	tests := map[string]struct {
		h    http.HandlerFunc
		want map[string]any
	}{
		"a body is counted": {
			func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") },
			map[string]any{"level": "INFO", "status": 200.0, "bytes": 5.0},
		},
		"a handler that writes nothing answers 200": {
			func(http.ResponseWriter, *http.Request) {},
			map[string]any{"level": "INFO", "status": 200.0, "bytes": 0.0},
		},
		"103 is not the status": {
			func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(103); w.WriteHeader(204) },
			map[string]any{"level": "INFO", "status": 204.0, "bytes": 0.0},
		},
		"an error is a warning with its cause": {
			func(w http.ResponseWriter, r *http.Request) {
				access.FromContext(r.Context()).SetPrincipal("ada")
				problem.Write(w, r, problem.Because(problem.ErrNotFound, errors.New("the cause"), "no film"))
			},
			map[string]any{"level": "WARN", "status": 404.0, "bytes": 114.0, "principal": "ada", "error": "no film: the cause"},
		},
		"an aborted answer says so": {
			func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, "hel")
				panic(http.ErrAbortHandler)
			},
			map[string]any{"level": "WARN", "status": 200.0, "bytes": 3.0, "aborted": true},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, line := serve(t, tt.h)
			tt.want["method"], tt.want["path"], tt.want["request_id"] = "GET", "/some/path", "r1"
			if diff := cmp.Diff(tt.want, line); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestRecoverAnswers500AndLogsTheStack(t *testing.T) {
	w, line := serve(t, func(http.ResponseWriter, *http.Request) { panic("canteen") })
	if w.Code != 500 || w.Header().Get("Content-Type") != "application/problem+json" || strings.Contains(w.Body.String(), "canteen") {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	if line["level"] != "ERROR" || line["error"] != "panic: canteen" || !strings.Contains(line["stack"].(string), "middleware_test.go") {
		t.Errorf("logged %v", line)
	}
}

func TestRecoverCutsAnAnswerThatHasBegun(t *testing.T) {
	w, line := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "half")
		panic("canteen")
	})
	if w.Body.String() != "half" || line["aborted"] != true || line["error"] != "panic: canteen" {
		t.Errorf("%q, logged %v", w.Body, line)
	}
}

func TestAllowHosts(t *testing.T) {
	h := middleware.AllowHosts("localhost", "127.0.0.1", "[::1]")(http.NotFoundHandler())
	for host, status := range map[string]int{
		"localhost":           404,
		"LOCALHOST:8080":      404,
		"localhost.:8080":     404,
		"127.0.0.1:8080":      404,
		"[::1]:8080":          404,
		"[::1]":               404,
		"evil.example":        421,
		"localhost.evil:80":   421,
		"127.0.0.1.evil":      421,
		"":                    421,
		"evil@localhost:80":   421,
		"localhost:80:80":     421,
		"[::1].evil.example":  421,
		"[localhost]evil:80]": 421,
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Host = host
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != status {
			t.Errorf("host %q: status %d, want %d", host, w.Code, status)
		}
	}
}

func TestCrossOrigin(t *testing.T) {
	trusting := http.NewCrossOriginProtection()
	if err := trusting.AddTrustedOrigin("https://app.example"); err != nil {
		t.Fatal(err)
	}
	h := middleware.CrossOriginLayer(trusting)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }))
	for name, tt := range map[string]struct {
		method, origin, site string
		status               int
	}{
		"a page of another origin reads":      {"GET", "https://evil.example", "cross-site", 204},
		"a page of another origin writes":     {"POST", "https://evil.example", "cross-site", 403},
		"an older browser":                    {"POST", "https://evil.example", "", 403},
		"a page of the same origin":           {"POST", "http://example.com", "same-origin", 204},
		"a trusted origin":                    {"POST", "https://app.example", "cross-site", 204},
		"a program that is no browser":        {"POST", "", "", 204},
		"a subdomain of the same site writes": {"DELETE", "http://x.example.com", "same-site", 403},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(tt.method, "http://example.com/", nil)
			if tt.origin != "" {
				r.Header.Set("Origin", tt.origin)
			}
			if tt.site != "" {
				r.Header.Set("Sec-Fetch-Site", tt.site)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != tt.status {
				t.Errorf("status %d, want %d", w.Code, tt.status)
			}
		})
	}
}
