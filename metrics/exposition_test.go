package metrics_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/streamgate/streamgate/metrics"
)

// everything is a registry with whatever a Gate has in it.
func everything(t testing.TB) *metrics.Registry {
	t.Helper()
	r := must(metrics.New(&metrics.Options{Labels: map[string]string{"gate": "a \"b\"\n"}}))
	g := must(metrics.NewGate(r))
	g.LimitViolations.With("upload").Inc()
	g.UploadDuration.Observe(3)
	if err := errors.Join(r.AddProcess(), g.Bus(quietBus{}), g.Cache("index", func() metrics.CacheStats { return metrics.CacheStats{Hits: 3} })); err != nil {
		t.Fatal(err)
	}
	middleware := must(r.Route("upload", "/v1/uploads", "/v1/uploads/{id}"))
	h := middleware(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	for _, method := range []string{"GET", "PATCH", "BREW"} {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(method, "/v1/uploads/x", strings.NewReader("body")))
	}
	own := must(r.CounterVec("app_things_total", "The application's own.", "what"))
	own.With("a quote \" and\na newline, \\ and \xff").Inc()
	return r
}

type quietBus struct{}

func (quietBus) Dropped() int64   { return 2 }
func (quietBus) Subscribers() int { return 1 }

func TestPromtoolHasNothingToSayAboutTheExposition(t *testing.T) {
	tool, err := exec.LookPath("promtool")
	if err != nil {
		missing(t, "promtool is not installed; make need installs it")
	}
	for name, r := range map[string]*metrics.Registry{"of a Gate": everything(t), "of an empty registry": must(metrics.New(nil))} {
		t.Run(name, func(t *testing.T) {
			w := httptest.NewRecorder()
			r.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
			cmd := exec.CommandContext(t.Context(), tool, "check", "metrics")
			cmd.Stdin = bytes.NewReader(w.Body.Bytes())
			if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// missing skips a test that lacks something, and fails it where nothing may lack.
func missing(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(why)
	}
	t.Skip(why)
}

func TestTheHandlerAnswersReaders(t *testing.T) {
	h := everything(t).Handler()
	for method, want := range map[string]struct {
		status int
		body   bool
	}{"GET": {200, true}, "HEAD": {200, false}, "POST": {405, true}, "DELETE": {405, true}} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(method, "/metrics", nil))
		if w.Code != want.status || w.Body.Len() > 0 != want.body {
			t.Errorf("%s: status %d, %d bytes", method, w.Code, w.Body.Len())
		}
		if got := w.Header().Get("Content-Type"); want.status == 200 && got != "text/plain; version=0.0.4; charset=utf-8" {
			t.Errorf("%s: Content-Type %q", method, got)
		}
	}
}

// limited is a client that leaves.
type limited struct{ left int }

var errLeft = errors.New("left")

func (l *limited) Write(p []byte) (int, error) {
	if l.left -= len(p); l.left < 0 {
		return 0, errLeft
	}
	return len(p), nil
}

func TestALongExpositionIsWrittenInPages(t *testing.T) {
	r := must(metrics.New(&metrics.Options{MaxSeries: 10_000}))
	v := must(r.CounterVec("x_total", "x", "label"))
	for i := range 10_000 {
		v.With(fmt.Sprint(i)).Inc()
	}
	if n := len(scrape(t, r).values); n != 10_001 {
		t.Errorf("%d series", n)
	}
	if n, err := r.WriteTo(&limited{100_000}); !errors.Is(err, errLeft) || n > 100_000 {
		t.Errorf("%d bytes, %v", n, err)
	}
	if n := testing.AllocsPerRun(10, func() { _, _ = r.WriteTo(&limited{1 << 30}) }); n > 4 && !racing {
		t.Errorf("a scrape of 10,000 series makes %v allocations", n)
	}
}
