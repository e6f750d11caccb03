package streamgate

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	limiter "github.com/sethvargo/go-limiter"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/internal/testdb"
	"github.com/streamgate/streamgate/metrics"
	"github.com/streamgate/streamgate/ratelimit"
)

// tight opens a Gate that refuses nearly everything.
func tight(t *testing.T, opts ...Option) *Gate {
	t.Helper()
	for service := range defaultLimits {
		opts = append(opts, WithRateLimit(service, ratelimit.Limit{Burst: 1, Rate: ratelimit.MinRate}))
	}
	opts = append([]Option{WithAuthenticator(auth.Everybody("ada")), WithLogger(slog.New(slog.DiscardHandler))}, opts...)
	dir := t.TempDir()
	testdb.Put(t, filepath.Join(dir, databaseName))
	g, err := New(dir, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return g
}

var varying = regexp.MustCompile(`\{[^}]+\}`)

// TestEveryEndpointHasALimitAndMetrics walks the route tables: what is added to
// them has both, and a word on what is audited, or this fails.
func TestEveryEndpointHasALimitAndMetrics(t *testing.T) {
	planes := map[string]struct {
		table   func(*Gate) []route
		handler func(*Gate) http.Handler
	}{
		"public": {(*Gate).publicRoutes, func(g *Gate) http.Handler { return g }},
		"admin":  {(*Gate).adminRoutes, (*Gate).Admin},
		"worker": {func(g *Gate) []route { return g.must(t, g.jobRoutes) }, (*Gate).Admin},
	}
	for plane, p := range planes {
		walked := tight(t)
		for _, r := range p.table(walked) {
			if _, ok := audited[r.service]; !ok {
				t.Errorf("nobody has said what is audited of %s", r.service)
			}
			endpoints := append([]endpoint{{pattern: restPattern}}, r.endpoints...)
			if r.exact {
				endpoints = []endpoint{{}}
			}
			for _, e := range endpoints {
				pattern := r.path + e.pattern
				t.Run(plane+" "+pattern, func(t *testing.T) {
					g := tight(t) // each with full buckets
					wantLimited(t, p.handler(g), varying.ReplaceAllString(strings.ReplaceAll(pattern, "{path...}", "x/x/x/x/x"), "x"))
					wantSeries(t, g, fmt.Sprintf(`streamgate_http_requests_total{service=%q,route=%q,`, r.service, label(pattern)))
					wantSeries(t, g, fmt.Sprintf(`streamgate_limit_violations_total{service=%q} 1`, cmp.Or(r.limit, r.service)))
				})
			}
		}
	}
}

// wantLimited sends requests until one is refused: with a bucket of one token,
// and a tenth as the least that anything costs, the eleventh at the latest.
func wantLimited(t *testing.T, h http.Handler, path string) {
	t.Helper()
	gone, cancel := context.WithCancel(t.Context()) // what streams ends at once
	cancel()
	for n := range 12 {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(gone, http.MethodGet, path, nil))
		if w.Code == http.StatusTooManyRequests {
			if w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), "urn:streamgate:problem:rate-limited") || n == 0 {
				t.Errorf("request %d: %v %s", n, w.Header(), w.Body)
			}
			return
		}
		if w.Header().Get("RateLimit") == "" || w.Header().Get("RateLimit-Policy") == "" {
			t.Errorf("request %d: %d without RateLimit", n, w.Code)
		}
	}
	t.Errorf("12 requests for %s were let through", path)
}

func wantSeries(t *testing.T, g *Gate, want string) {
	t.Helper()
	var out bytes.Buffer
	if _, err := g.Metrics().WriteTo(&out); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), want) {
		t.Errorf("no %s", want)
	}
}

func TestServicesHaveBucketsOfTheirOwn(t *testing.T) {
	g := tight(t)
	for _, path := range []string{"/v1/assets", "/health", "/v1/uploads/x", "/play/x/master.m3u8"} {
		w := httptest.NewRecorder()
		g.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code == http.StatusTooManyRequests {
			t.Errorf("%s is refused for what others took", path)
		}
	}
}

// Those who are signed in are counted by who they are, wherever they come from,
// and share nothing with those who are not.
func TestWhoIsSignedInIsCountedByName(t *testing.T) {
	who := func(r *http.Request) (auth.Principal, error) {
		if r.Header.Get("X-User") == "mallory" {
			return auth.Principal{}, auth.ErrUnauthenticated
		}
		return auth.Principal{ID: r.Header.Get("X-User")}, nil
	}
	g := tight(t, WithAuthenticator(who))
	ask := func(user, addr string) int {
		r := httptest.NewRequest(http.MethodGet, "/v1/assets", nil)
		r.RemoteAddr = addr
		r.Header.Set("X-User", user)
		w := httptest.NewRecorder()
		g.ServeHTTP(w, r)
		return w.Code
	}
	for i, c := range []struct {
		user, addr string
		want       int
	}{
		{"ann", "192.0.2.1:1", 200},
		{"ann", "192.0.2.2:1", 429}, // from wherever
		{"bob", "192.0.2.1:1", 200}, // who shares an address
		{"", "192.0.2.1:1", 401},    // nobody pays as an address, and shuts out nobody
		{"", "192.0.2.1:1", 429},
		{"dora", "192.0.2.1:1", 200},
		{"mallory", "192.0.2.3:1", 401},
		{"mallory", "192.0.2.3:1", 429}, // guesses are counted,
		{"carol", "192.0.2.3:1", 429},   // and end for all behind that address
		{"carol", "192.0.2.4:1", 200},
	} {
		if got := ask(c.user, c.addr); got != c.want {
			t.Errorf("request %d, %s from %s: %d, want %d", i, c.user, c.addr, got, c.want)
		}
	}
}

func TestALimitIsChecked(t *testing.T) {
	for name, c := range map[string]struct {
		option Option
		want   string
	}{
		"of nothing":         {WithRateLimit("upload", ratelimit.Limit{}), "the rate limit of upload"},
		"of another service": {WithRateLimit("uploads", ratelimit.Limit{Burst: 1, Rate: 1}), `no service "uploads"; there are auth, cache, gateway,`},
	} {
		_, err := New(t.TempDir(), WithAuthenticator(auth.Everybody("ada")), c.option)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q in it", name, err, c.want)
		}
	}
}

func TestWhoIsOneClientIsUpToTheApplication(t *testing.T) {
	g := tight(t, WithRateLimitKey(ratelimit.ByClientIP)) // where all are one principal
	for addr, want := range map[string]int{"192.0.2.1:1": 200, "192.0.2.2:1": 200} {
		r := httptest.NewRequest(http.MethodGet, "/v1/assets", nil)
		r.RemoteAddr = addr
		w := httptest.NewRecorder()
		g.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%s: %d, want %d", addr, w.Code, want)
		}
	}
}

func TestATrustedProxyIsARange(t *testing.T) {
	for _, p := range []netip.Prefix{{}, netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")} {
		_, err := New(t.TempDir(), WithAuthenticator(auth.Everybody("ada")), WithTrustedProxies(p))
		if err == nil || !strings.Contains(err.Error(), "WithTrustedProxies") {
			t.Errorf("%v: %v", p, err)
		}
	}
}

// The access log names the client whom a proxy speaks for.
func TestTheAccessLogNamesWhoAProxySpeaksFor(t *testing.T) {
	var log bytes.Buffer
	g, err := New(t.TempDir(), WithAuthenticator(auth.Everybody("ada")), WithLogger(slog.New(slog.NewTextHandler(&log, nil))),
		WithTrustedProxies(netip.MustParsePrefix("192.0.2.0/24")))
	if err != nil {
		t.Fatal(err)
	}
	defer g.Stop(context.Background()) //nolint:errcheck // nothing runs
	r := httptest.NewRequest(http.MethodGet, "/health", nil)
	r.RemoteAddr = "192.0.2.1:1234"
	r.Header.Set("X-Forwarded-For", "203.0.113.9, 198.51.100.7")
	g.ServeHTTP(httptest.NewRecorder(), r)
	if !strings.Contains(log.String(), "remote=198.51.100.7 ") {
		t.Error(log.String())
	}
}

func TestARegistryIsOfOneGateAtATime(t *testing.T) {
	r, err := metrics.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	first := tight(t, WithMetrics(r))
	_, err = New(t.TempDir(), WithAuthenticator(auth.Everybody("ada")), WithMetrics(r))
	if err == nil || !strings.Contains(err.Error(), "another Gate") {
		t.Error(err)
	}
	wantSeries(t, first, "streamgate_event_subscribers 0") // which the second has not taken along
	if err := first.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	wantSeries(t, tight(t, WithMetrics(r)), "streamgate_event_subscribers 0")
}

// Whatever wrong credentials are sent to, they are counted.
func TestAttackGuessingCredentials(t *testing.T) {
	asked := 0
	g, err := New(t.TempDir(), WithLogger(slog.New(slog.DiscardHandler)), WithAuthenticator(func(*http.Request) (auth.Principal, error) {
		asked++
		return auth.Principal{}, auth.ErrUnauthenticated
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer g.Stop(context.Background()) //nolint:errcheck // nothing runs
	for range 200 {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodHead, http.MethodOptions} {
			for _, path := range []string{"/v1/uploads", "/v1/uploads/x", "/v1/assets/x", "/play/x/master.m3u8", "/v1/events"} {
				g.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(method, path, nil))
			}
		}
	}
	if asked > 100 { // 50, and 5 a second
		t.Errorf("5000 guesses, and the application was asked for %d of them", asked)
	}
}

// Players of other origins send a preflight for each address, without credentials.
func TestPreflightsOfPlayersCostNothing(t *testing.T) {
	asked := 0
	g, err := New(t.TempDir(), WithLogger(slog.New(slog.DiscardHandler)), WithAuthenticator(func(r *http.Request) (auth.Principal, error) {
		asked++
		return auth.Principal{ID: r.Header.Get("Authorization")}, nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer g.Stop(context.Background()) //nolint:errcheck // nothing runs
	for range 2000 {
		r := httptest.NewRequest(http.MethodOptions, "/play/x/r/v1/0.m4s", nil)
		r.Header.Set("Origin", "https://player.example")
		r.Header.Set("Access-Control-Request-Method", http.MethodGet)
		w := httptest.NewRecorder()
		g.ServeHTTP(w, r)
		if w.Code != http.StatusNoContent || w.Header().Get("Access-Control-Allow-Headers") == "" || w.Header().Get("Access-Control-Allow-Origin") != "*" {
			t.Fatalf("%d %v", w.Code, w.Header())
		}
	}
	if asked > 0 {
		t.Errorf("the application was asked %d times", asked)
	}
}

func TestAFloodOfOtherPathsIsNoOutage(t *testing.T) {
	g := tight(t)
	for _, c := range []struct {
		path string
		want int
	}{{"/wp-login.php", 404}, {"/wp-login.php", 429}, {"/health", 200}} {
		w := httptest.NewRecorder()
		g.ServeHTTP(w, httptest.NewRequest(http.MethodGet, c.path, nil))
		if w.Code != c.want {
			t.Errorf("%s: %d, want %d", c.path, w.Code, c.want)
		}
	}
}

// away is a store of limits that does not answer.
type away struct{ limiter.Store }

func (away) Take(context.Context, string) (uint64, uint64, uint64, bool, error) {
	return 0, 0, 0, false, errors.New("redis is away")
}

func (away) Get(context.Context, string) (uint64, uint64, error) {
	return 0, 0, errors.New("redis is away")
}

func TestHealthAndMetricsAnswerWhileTheStoreOfLimitsIsAway(t *testing.T) {
	g, err := New(t.TempDir(), WithAuthenticator(auth.Everybody("ada")), WithLogger(slog.New(slog.DiscardHandler)),
		WithRateLimitStore(func(string, ratelimit.Limit) (limiter.Store, error) { return away{}, nil }))
	if err != nil {
		t.Fatal(err)
	}
	defer g.Stop(context.Background()) //nolint:errcheck // nothing runs
	for _, c := range []struct {
		h    http.Handler
		path string
		want int
	}{{g, "/health", 200}, {g.Admin(), "/health", 200}, {g.Admin(), "/metrics", 200}, {g, "/v1/assets", 503}} {
		w := httptest.NewRecorder()
		c.h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, c.path, nil))
		if w.Code != c.want {
			t.Errorf("%s: %d, want %d", c.path, w.Code, c.want)
		}
	}
}

// must is what a part of the route table has.
func (*Gate) must(t *testing.T, part func() ([]route, error)) []route {
	t.Helper()
	list, err := part()
	if err != nil || len(list) == 0 {
		t.Fatalf("%v, %v", list, err)
	}
	return list
}
