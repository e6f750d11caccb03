package metrics_test

import (
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/internal/middleware"
	"github.com/streamgate/streamgate/metrics"
)

// serve sends one request to a handler and swallows its panic.
func serve(h http.Handler, r *http.Request) {
	defer func() { _ = recover() }()
	h.ServeHTTP(httptest.NewRecorder(), r)
}

// counted returns what a registry counted of requests: the series that are not
// zero, but for sums, buckets and those of other families.
func counted(t *testing.T, r *metrics.Registry) map[string]float64 {
	t.Helper()
	x := scrape(t, r)
	maps.DeleteFunc(x.values, func(key string, v float64) bool {
		return v == 0 || !strings.HasPrefix(key, "streamgate_http_") ||
			strings.Contains(key, "_bucket{") || strings.Contains(key, "duration_seconds_sum{")
	})
	return x.values
}

func TestARequestIsCountedByWhatBecameOfIt(t *testing.T) {
	text := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, "12345")
		}
	}
	for name, tt := range map[string]struct {
		h     http.HandlerFunc
		code  string
		bytes float64
		end   string
	}{
		"nothing written":              {func(http.ResponseWriter, *http.Request) {}, "200", 0, "successes_total{service=\"s\"}"},
		"a body without a status":      {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 7)) }, "200", 7, "successes_total{service=\"s\"}"},
		"a redirect":                   {text(307), "307", 5, "successes_total{service=\"s\"}"},
		"the client's fault":           {text(404), "404", 5, "failures_total{service=\"s\",fault=\"client\"}"},
		"the server's fault":           {text(503), "503", 5, "failures_total{service=\"s\",fault=\"server\"}"},
		"a client that is gone":        {text(499), "499", 5, "failures_total{service=\"s\",fault=\"client\"}"},
		"a status that does not exist": {text(299), "2xx", 5, "successes_total{service=\"s\"}"},
		"another one":                  {text(799), "7xx", 5, "failures_total{service=\"s\",fault=\"server\"}"},
		"1xx before the answer":        {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(103); w.WriteHeader(201) }, "201", 0, "successes_total{service=\"s\"}"},
		"a panic before the answer":    {func(http.ResponseWriter, *http.Request) { panic("x") }, "500", 0, "failures_total{service=\"s\",fault=\"server\"}"},
		"an answer that was broken off": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(make([]byte, 3))
			panic(http.ErrAbortHandler)
		}, "200", 3, "failures_total{service=\"s\",fault=\"aborted\"}"},
	} {
		t.Run(name, func(t *testing.T) {
			r := must(metrics.New(nil))
			h := must(r.Route("s", "/a"))(tt.h)
			serve(h, httptest.NewRequest(http.MethodGet, "/a", http.NoBody))
			route := `{service="s",route="/a",method="GET"`
			want := map[string]float64{
				"streamgate_http_requests_total" + route + fmt.Sprintf(",code=%q}", tt.code): 1,
				"streamgate_http_request_duration_seconds_count" + route + "}":               1,
				"streamgate_http_response_size_bytes_count" + route + "}":                    1,
				"streamgate_http_response_size_bytes_sum" + route + "}":                      tt.bytes,
				"streamgate_http_" + tt.end:                                                  1,
			}
			maps.DeleteFunc(want, func(_ string, v float64) bool { return v == 0 })
			if diff := cmp.Diff(want, counted(t, r)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestARequestIsOfTheFirstPatternThatFits(t *testing.T) {
	r := must(metrics.New(nil))
	h := must(r.Route("s", "/v1/uploads", "/v1/uploads/{id}/complete", "/v1/uploads/{id}", "/v1/files/{path...}"))(http.NotFoundHandler())
	for path, want := range map[string]string{
		"/v1/uploads":             "/v1/uploads",
		"/v1/uploads/":            "/v1/uploads",
		"/v1/uploads/x":           "/v1/uploads/{id}",
		"/v1/uploads/x/":          "/v1/uploads",
		"/v1/uploads/x/complete":  "/v1/uploads/{id}/complete",
		"/v1/uploads//complete":   "/v1/uploads",
		"/v1/uploads/x/complete/": "/v1/uploads",
		"/v1/uploads/x/y":         "/v1/uploads",
		"/v1/files/":              "/v1/files/{path...}",
		"/v1/files/a/b/c":         "/v1/files/{path...}",
		"/v1/files":               "/v1/uploads",
		"/elsewhere":              "/v1/uploads",
		"":                        "/v1/uploads",
		"v1/uploads/x":            "/v1/uploads",
	} {
		key := fmt.Sprintf(`streamgate_http_requests_total{service="s",route=%q,method="GET",code="404"}`, want)
		before := scrape(t, r).values[key]
		req := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
		req.URL.Path = path
		serve(h, req)
		if got := scrape(t, r).values[key] - before; got != 1 {
			t.Errorf("%q was not counted as %s", path, want)
		}
	}
}

func TestAPatternThatMeansNothingIsRefused(t *testing.T) {
	r := must(metrics.New(nil))
	for _, p := range []string{"", "v1", "/{all...}/x", "/a{id}", "/{id", "/id}"} {
		if _, err := r.Route("s", p); err == nil {
			t.Errorf("%q was taken", p)
		}
		if _, err := r.Route("s", "/", p); err == nil {
			t.Errorf("%q was taken as a finer one", p)
		}
	}
}

// Row 24 of the attacks, at the middleware: random paths, methods and hosts.
func TestAHundredThousandRandomRequestsMakeABoundedNumberOfSeries(t *testing.T) {
	r := must(metrics.New(nil))
	h := must(r.Route("s", "/a", "/a/{id}"))(http.NotFoundHandler())
	req := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
	w := httptest.NewRecorder()
	random := rand.New(rand.NewPCG(3, 4))
	word := func(n int) string {
		b := make([]byte, 1+random.IntN(n))
		for i := range b {
			b[i] = byte(random.IntN(256))
		}
		return string(b)
	}
	for range 100_000 {
		req.URL.Path, req.Method, req.Host = "/a/"+word(30), word(5), word(30)
		h.ServeHTTP(w, req)
	}
	x := scrape(t, r)
	if n := len(x.values); n > 120 {
		t.Errorf("%d series", n)
	}
	total := 0.0
	for _, route := range []string{"/a", "/a/{id}"} {
		total += x.values[fmt.Sprintf(`streamgate_http_requests_total{service="s",route=%q,method="other",code="404"}`, route)]
	}
	if total != 100_000 {
		t.Errorf("%v of 100,000 were counted", total)
	}
}

func TestTheBodyIsWhatWasReadOfIt(t *testing.T) {
	for name, tt := range map[string]struct {
		wrap func(http.Handler) http.Handler
		read int64
		want float64
	}{
		"all of it":                         {func(h http.Handler) http.Handler { return h }, 100, 10},
		"a part":                            {func(h http.Handler) http.Handler { return h }, 4, 4},
		"nothing":                           {func(h http.Handler) http.Handler { return h }, 0, 0},
		"all of it, counted by those above": {new(middleware.Bodies).Layer, 100, 10},
	} {
		t.Run(name, func(t *testing.T) {
			r := must(metrics.New(nil))
			h := tt.wrap(must(r.Route("s", "/a"))(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				_, _ = io.CopyN(io.Discard, r.Body, tt.read)
			})))
			req := httptest.NewRequest(http.MethodPost, "/a", strings.NewReader("0123456789"))
			req.ContentLength = 1 << 60 // what a client announces may be anything
			serve(h, req)
			key := `{service="s",route="/a",method="POST"}`
			x := scrape(t, r)
			if got := x.values["streamgate_http_request_size_bytes_sum"+key]; got != tt.want {
				t.Errorf("%v bytes, want %v", got, tt.want)
			}
			if got := x.values["streamgate_http_request_size_bytes_count"+key]; got != 1 {
				t.Errorf("%v bodies", got)
			}
		})
	}
}

func TestARequestIsTimedAndSeenWhileItRuns(t *testing.T) {
	r := must(metrics.New(nil))
	middleware := must(r.Route("s", "/a"))
	synctest.Test(t, func(t *testing.T) {
		h := middleware(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			if got := scrape(t, r).values[`streamgate_http_requests_in_flight{service="s"}`]; got != 1 {
				t.Errorf("%v in flight", got)
			}
			time.Sleep(3 * time.Second)
		}))
		serve(h, httptest.NewRequest(http.MethodGet, "/a", http.NoBody))
	})
	x := scrape(t, r)
	if got := x.values[`streamgate_http_request_duration_seconds_sum{service="s",route="/a",method="GET"}`]; got != 3 {
		t.Errorf("%v seconds, want 3", got)
	}
	if got := x.values[`streamgate_http_requests_in_flight{service="s"}`]; got != 0 {
		t.Errorf("%v in flight", got)
	}
}

func TestCountingARequestAllocatesNothing(t *testing.T) {
	if racing {
		t.Skip("the race detector allocates; the run without it counts")
	}
	r := must(metrics.New(nil))
	h := must(r.Route("s", "/a", "/a/{id}"))(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	above := middleware.Chain(h, new(middleware.Bodies).Layer)
	w := httptest.NewRecorder()
	get := httptest.NewRequest(http.MethodGet, "/a/x", http.NoBody)
	if n := testing.AllocsPerRun(1000, func() { h.ServeHTTP(w, get) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	// With a body, nothing beyond what the layer that counts it allocates.
	post := func() *http.Request { return httptest.NewRequest(http.MethodPost, "/a/x", strings.NewReader("body")) }
	plain := new(middleware.Bodies).Layer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	without := testing.AllocsPerRun(1000, func() { plain.ServeHTTP(w, post()) })
	if with := testing.AllocsPerRun(1000, func() { above.ServeHTTP(w, post()) }); with > without {
		t.Errorf("%v allocations with a body, %v without counting it", with, without)
	}
}

// Row 27 of the attacks.
func TestNoSecretOfARequestIsInTheExposition(t *testing.T) {
	const canary = "canary-7f3a"
	r := everything(t)
	h := must(r.Route("play", "/play", "/play/{asset}/{rest...}"))(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(w, r.Body)
		w.Header().Set("Set-Cookie", canary)
	}))
	req := httptest.NewRequest(canary, "/play/t/"+canary+"/x/master.m3u8?token="+canary, strings.NewReader(canary))
	for _, name := range []string{"Authorization", "Cookie", "Referer", "User-Agent", "X-Request-ID", "Content-Type", "Origin"} {
		req.Header.Set(name, canary)
	}
	req.Host, req.RemoteAddr, req.Pattern = canary, canary, canary
	req.SetBasicAuth(canary, canary)
	serve(h, req)
	var b strings.Builder
	if _, err := r.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), canary) || !strings.Contains(b.String(), `route="/play/{asset}/{rest...}",method="other"`) {
		t.Error(b.String())
	}
}

func TestRoutesWithTheSameNameShareTheirSeries(t *testing.T) {
	r := must(metrics.New(nil))
	for range 2 {
		serve(must(r.Route("s", "/health"))(http.NotFoundHandler()), httptest.NewRequest(http.MethodGet, "/health", http.NoBody))
	}
	got := slices.Collect(maps.Values(counted(t, r)))
	if got := counted(t, r)[`streamgate_http_requests_total{service="s",route="/health",method="GET",code="404"}`]; got != 2 {
		t.Errorf("%v requests", got)
	}
	if len(got) != 5 {
		t.Errorf("%d series", len(got))
	}
}
