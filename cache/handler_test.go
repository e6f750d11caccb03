package cache_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/cache"
	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/internal/middleware"
	"github.com/streamgate/streamgate/internal/requestid"
)

// service is a handler where it is mounted, behind an operator's session.
type service struct {
	http.Handler
	cache    *cache.Cache[string, cache.Value]
	recorded []events.Event
	refuse   error
}

func newService(t testing.TB, o *cache.Options[string, cache.Value], ho cache.HandlerOptions) *service {
	t.Helper()
	s := &service{cache: newCache(t, o)}
	ho.Recorder = events.RecorderFunc(func(_ context.Context, e events.Event) error {
		s.recorded = append(s.recorded, e)
		return s.refuse
	})
	h, err := cache.NewHandler(s.cache, &ho)
	if err != nil {
		t.Fatal(err)
	}
	operator := func(*http.Request) (auth.Principal, error) { return auth.Principal{ID: "root", Admin: true}, nil }
	s.Handler = middleware.Begin(middleware.BeginOptions{Logger: slog.New(slog.DiscardHandler)})(auth.Middleware(operator)(http.StripPrefix("/v1/cache", h)))
	return s
}

// do sends a request; headers come as "Name: value".
func (s *service) do(method, target, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set(requestid.Header, "r1")
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func TestHandlerKeepsAndShows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, nil, cache.HandlerOptions{})
		if w := s.do("PUT", "/v1/cache/a?ttl=90", `{"a":1}`, "Content-Type: application/json"); w.Code != 201 || w.Body.Len() != 0 {
			t.Errorf("the first PUT: %d %s", w.Code, w.Body)
		}
		if w := s.do("PUT", "/v1/cache/a?ttl=90", `{"a":2}`, "Content-Type: application/json"); w.Code != 204 {
			t.Errorf("the second PUT: %d %s", w.Code, w.Body)
		}
		time.Sleep(30500 * time.Millisecond)
		want := http.Header{
			"Cache-Control":           {"no-store"},
			"Content-Length":          {"7"},
			"Content-Security-Policy": {"default-src 'none'; sandbox"},
			"Content-Type":            {"application/json"},
			"Streamgate-Cache":        {"hit"},
			"Streamgate-Ttl":          {"60"},
			"X-Content-Type-Options":  {"nosniff"},
			"X-Request-Id":            {"r1"},
		}
		for method, body := range map[string]string{"GET": `{"a":2}`, "HEAD": ""} {
			w := s.do(method, "/v1/cache/a", "")
			if diff := cmp.Diff(want, w.Header()); w.Code != 200 || w.Body.String() != body || diff != "" {
				t.Errorf("%s: %d %q -want +got:\n%s", method, w.Code, w.Body, diff)
			}
		}
		time.Sleep(time.Minute)
		w := s.do("GET", "/v1/cache/a", "")
		if w.Code != 404 || w.Header().Get("StreamGate-Cache") != "miss" || !strings.Contains(w.Body.String(), `"urn:streamgate:problem:not-found"`) {
			t.Errorf("after its time: %d %v %s", w.Code, w.Header(), w.Body)
		}
	})
}

func TestHandlerRefusals(t *testing.T) {
	long := strings.Repeat("k", 513)
	tests := map[string]struct {
		method, target, body string
		headers              []string
		status               int
		detail               string
	}{
		"another method for a key":         {"POST", "/v1/cache/a", "", nil, 405, "use GET, HEAD, PUT, DELETE, OPTIONS"},
		"another method for all":           {"GET", "/v1/cache", "", nil, 405, "use DELETE, OPTIONS"},
		"a key called stats":               {"PUT", "/v1/cache/stats", "", nil, 405, "use GET, HEAD, OPTIONS"},
		"a key called stats, escaped":      {"PUT", "/v1/cache/st%61ts", "", nil, 405, "use GET, HEAD, OPTIONS"},
		"a slash in a key":                 {"GET", "/v1/cache/a/b", "", nil, 404, "%2F"},
		"a slash after a key":              {"GET", "/v1/cache/a/", "", nil, 404, "%2F"},
		"two slashes":                      {"DELETE", "/v1/cache//", "", nil, 404, "%2F"},
		"a key that is too long":           {"GET", "/v1/cache/" + long, "", nil, 400, "at most 512"},
		"a key with a control character":   {"GET", "/v1/cache/a%0Ab", "", nil, 400, "control characters"},
		"a key that is not UTF-8":          {"GET", "/v1/cache/%FF", "", nil, 400, "UTF-8"},
		"a key that leads out of the path": {"GET", "/v1/cache/%2e%2e", "", nil, 400, "another place"},
		"a value that is too large":        {"PUT", "/v1/cache/a", "123456789", nil, 413, "8 bytes"},
		"a ttl that is none":               {"PUT", "/v1/cache/a?ttl=soon", "", nil, 400, "seconds"},
		"a ttl of nothing":                 {"PUT", "/v1/cache/a?ttl=0", "", nil, 400, "above 0"},
		"a ttl before now":                 {"PUT", "/v1/cache/a?ttl=-1s", "", nil, 400, "above 0"},
		"a ttl beyond all time":            {"PUT", "/v1/cache/a?ttl=9223372037", "", nil, 400, "above 0"},
		"two ttls":                         {"PUT", "/v1/cache/a?ttl=1", "", []string{"StreamGate-TTL: 1"}, 400, "more than once"},
		"a parameter that there is not":    {"PUT", "/v1/cache/a?tll=1", "", nil, 400, "ttl and tag"},
		"a query that is not valid":        {"PUT", "/v1/cache/a?%zz", "", nil, 400, "query"},
		"an empty tag":                     {"PUT", "/v1/cache/a?tag=", "", nil, 400, "empty"},
		"too many tags":                    {"PUT", "/v1/cache/a?" + strings.Repeat("tag=a&", 17), "", nil, 400, "at most 16"},
		"a type that is none":              {"PUT", "/v1/cache/a", "", []string{"Content-Type: /"}, 400, "no media type"},
		"an encoded value":                 {"PUT", "/v1/cache/a", "", []string{"Content-Encoding: gzip"}, 400, "Content-Encoding"},
		"a part of a value":                {"PUT", "/v1/cache/a", "", []string{"Content-Range: bytes 0-1/2"}, 400, "Content-Range"},
		"a misspelled prefix":              {"DELETE", "/v1/cache?prefx=a", "", nil, 400, "prefix and tag"},
		"an empty prefix":                  {"DELETE", "/v1/cache?prefix=", "", nil, 400, "empty"},
		"two prefixes":                     {"DELETE", "/v1/cache?prefix=a&prefix=b", "", nil, 400, "one prefix"},
		"a prefix and a tag":               {"DELETE", "/v1/cache?prefix=a&tag=b", "", nil, 400, "one prefix"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := newService(t, nil, cache.HandlerOptions{MaxValue: 8})
			s.cache.Set("b", cache.Value{})
			w := s.do(tt.method, tt.target, tt.body, tt.headers...)
			var p struct{ Detail string }
			if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
				t.Fatalf("%v in %s", err, w.Body)
			}
			if w.Code != tt.status || !strings.Contains(p.Detail, tt.detail) {
				t.Errorf("%d %s", w.Code, w.Body)
			}
			if s.recorded != nil || s.cache.Stats().Entries != 1 {
				t.Errorf("something was done: %v", s.recorded)
			}
		})
	}
}

func TestHandlerKeysAreDecodedOnce(t *testing.T) {
	s := newService(t, nil, cache.HandlerOptions{})
	for target, key := range map[string]string{
		"/v1/cache/a%2Fb": "a/b", "/v1/cache/%252F": "%2F", "/v1/cache/a%3A1": "a:1", "/v1/cache/a:2": "a:2",
		"/v1/cache/%C3%A9": "é", "/v1/cache/a+b": "a+b", "/v1/cache/a%20b": "a b",
	} {
		if w := s.do("PUT", target, key); w.Code != 201 {
			t.Errorf("PUT %s: %d %s", target, w.Code, w.Body)
		}
		if v, ok := s.cache.Get(key); !ok || string(v.Body) != key || v.ContentType != "application/octet-stream" {
			t.Errorf("under %q is %v, %v", key, v, ok)
		}
	}
}

func TestHandlerTellsTheMethods(t *testing.T) {
	s := newService(t, nil, cache.HandlerOptions{})
	for target, allow := range map[string]string{
		"/v1/cache":       "DELETE, OPTIONS",
		"/v1/cache/":      "DELETE, OPTIONS",
		"/v1/cache/stats": "GET, HEAD, OPTIONS",
		"/v1/cache/a":     "GET, HEAD, PUT, DELETE, OPTIONS",
	} {
		if w := s.do("OPTIONS", target, ""); w.Code != 204 || w.Header().Get("Allow") != allow {
			t.Errorf("%s: %d, Allow %q", target, w.Code, w.Header().Get("Allow"))
		}
	}
}

func TestHandlerDeletesAndClears(t *testing.T) {
	tests := map[string]struct {
		target string
		left   []string
		header string
	}{
		"one":                     {"/v1/cache/a%2F1", []string{"a/2", "b/1"}, "hit"},
		"one that is not there":   {"/v1/cache/x", []string{"a/1", "a/2", "b/1"}, "miss"},
		"all":                     {"/v1/cache", nil, ""},
		"all, by the other mount": {"/v1/cache/", nil, ""},
		"by prefix":               {"/v1/cache?prefix=a%2F", []string{"b/1"}, ""},
		"by tag":                  {"/v1/cache/?tag=one", []string{"a/2"}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := newService(t, nil, cache.HandlerOptions{})
			s.do("PUT", "/v1/cache/a%2F1?tag=one&tag=first", "")
			s.do("PUT", "/v1/cache/a%2F2", "")
			s.do("PUT", "/v1/cache/b%2F1?tag=one", "")
			if w := s.do("DELETE", tt.target, ""); w.Code != 204 || w.Header().Get("StreamGate-Cache") != tt.header {
				t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
			}
			var left []string
			for _, key := range []string{"a/1", "a/2", "b/1"} {
				if _, ok := s.cache.Get(key); ok {
					left = append(left, key)
				}
			}
			if diff := cmp.Diff(tt.left, left); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestHandlerRecords(t *testing.T) {
	event := func(what events.Type, data map[string]any) []events.Event {
		return []events.Event{{Type: what, Actor: "root", RequestID: "r1", Data: data}}
	}
	tests := map[string]struct {
		method, target string
		want           []events.Event
	}{
		"a value set": {"PUT", "/v1/cache/b", event(events.CacheSet, map[string]any{"key": "b", "size": 3})},
		"with a ttl":  {"PUT", "/v1/cache/b?ttl=1m30s", event(events.CacheSet, map[string]any{"key": "b", "size": 3, "ttl": 90.0})},
		"a deletion":  {"DELETE", "/v1/cache/a", event(events.CacheDeleted, map[string]any{"key": "a"})},
		"a clearing":  {"DELETE", "/v1/cache", event(events.CacheCleared, map[string]any{})},
		"by prefix":   {"DELETE", "/v1/cache?prefix=a", event(events.CacheCleared, map[string]any{"prefix": "a"})},
		"by tag":      {"DELETE", "/v1/cache?tag=t", event(events.CacheCleared, map[string]any{"tag": "t"})},
		"no reading":  {"GET", "/v1/cache/a", nil},
		"no looking":  {"GET", "/v1/cache/stats", nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := newService(t, nil, cache.HandlerOptions{})
			s.cache.SetItem(cache.Item[string, cache.Value]{Key: "a", Tags: []string{"t"}})
			s.refuse = errors.New("the log is full")
			w := s.do(tt.method, tt.target, "abc")
			if diff := cmp.Diff(tt.want, s.recorded, cmpopts.IgnoreFields(events.Event{}, "Time")); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if refused := w.Code == 500; refused != (tt.want != nil) {
				t.Errorf("status %d", w.Code)
			}
			if got := s.cache.GetMany("a", "b"); len(got) != 1 || got["a"].Body != nil {
				t.Errorf("what was refused happened: %v", got)
			}
		})
	}
}

func TestHandlerLetsOperatorsInAlone(t *testing.T) {
	c := newCache[string, cache.Value](t, nil)
	c.Set("a", cache.Value{})
	h, err := cache.NewHandler(c, nil)
	if err != nil {
		t.Fatal(err)
	}
	for who, want := range map[auth.Principal]int{{}: 401, {ID: "ada"}: 404} {
		as := auth.Middleware(func(*http.Request) (auth.Principal, error) { return who, nil })(h)
		for _, request := range []string{"GET /a", "PUT /a", "DELETE /a", "DELETE /", "GET /stats"} {
			method, target, _ := strings.Cut(request, " ")
			w := httptest.NewRecorder()
			as.ServeHTTP(w, httptest.NewRequest(method, target, nil))
			if w.Code != want {
				t.Errorf("%s by %q: %d", request, who.ID, w.Code)
			}
		}
	}
	if s := c.Stats(); s.Entries != 1 {
		t.Error("something was done")
	}
}

func TestHandlerCountsWhatItIsAsked(t *testing.T) {
	s := newService(t, &cache.Options[string, cache.Value]{MaxCost: 10_000, Cost: cache.ValueCost}, cache.HandlerOptions{})
	s.do("PUT", "/v1/cache/a", "abc")
	s.do("GET", "/v1/cache/a", "")
	s.do("GET", "/v1/cache/b", "")
	w := s.do("GET", "/v1/cache/stats", "")
	var got map[string]float64
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatalf("%v in %s", err, w.Body)
	}
	want := map[string]float64{
		"hits": 1, "misses": 1, "hit_ratio": 0.5, "loads": 0, "load_errors": 0, "evictions": 0, "rejections": 0, "expirations": 0,
		"entries": 1, "cost": 1 + 3 + 24 + cache.EntryBytes, "max_cost": 10_000,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if w := s.do("HEAD", "/v1/cache/stats", ""); w.Code != 200 || w.Body.Len() != 0 {
		t.Errorf("HEAD: %d, %d bytes", w.Code, w.Body.Len())
	}
	if w := s.do("PUT", "/v1/cache/c", strings.Repeat("a", 10_000)); w.Code != 413 || !strings.Contains(w.Body.String(), `"limit":10000`) {
		t.Errorf("a value larger than the cache: %d %s", w.Code, w.Body)
	}
}

func TestHandlerRefusesPagesOfOtherOrigins(t *testing.T) {
	s := newService(t, nil, cache.HandlerOptions{CrossOrigin: http.NewCrossOriginProtection()})
	if w := s.do("DELETE", "/v1/cache", "", "Sec-Fetch-Site: cross-site"); w.Code != 403 {
		t.Errorf("status %d", w.Code)
	}
}

func TestNewHandlerRefusesWhatCannotWork(t *testing.T) {
	if _, err := cache.NewHandler(nil, nil); err == nil {
		t.Error("no cache was taken")
	}
	c := newCache[string, cache.Value](t, nil)
	for _, o := range []cache.HandlerOptions{{MaxKey: -1}, {MaxValue: -1}} {
		if _, err := cache.NewHandler(c, &o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
}

// brokenBody is a client that goes away in the middle.
type brokenBody struct{}

func (brokenBody) Read([]byte) (int, error) { return 0, errors.New("connection reset") }

func TestHandlerKeepsNoHalfValue(t *testing.T) {
	s := newService(t, nil, cache.HandlerOptions{})
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest("PUT", "/v1/cache/a", brokenBody{}))
	if w.Code != 400 || s.cache.Stats().Entries != 0 || s.recorded != nil {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func FuzzHandler(f *testing.F) {
	for _, seed := range []string{"a", "a%2Fb", "stats", "..", "%", "%FF", "a?ttl=1h", "a?ttl=1&tag=b", "?prefix=a", "?tag=b", "/", "a?ttl=9999999999"} {
		f.Add("PUT", seed)
		f.Add("DELETE", seed)
	}
	s := newService(f, nil, cache.HandlerOptions{})
	f.Fuzz(func(t *testing.T, method, rest string) {
		r, err := http.NewRequest(method, "http://127.0.0.1/v1/cache/"+rest, strings.NewReader("value"))
		if err != nil {
			t.Skip() // no server would get it
		}
		s.recorded = nil
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code >= 500 {
			t.Errorf("%s %q: %d %s", method, rest, w.Code, w.Body)
		}
		if w.Code == http.StatusCreated || method == "PUT" && w.Code == http.StatusNoContent {
			r := httptest.NewRequest("GET", r.URL.EscapedPath(), nil)
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			if w.Body.String() != "value" {
				t.Errorf("GET %q after PUT: %d %s", r.URL, w.Code, w.Body)
			}
		}
	})
}
