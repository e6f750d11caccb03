package upload_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/upload"
)

// as lets everybody in as one principal.
func as(id string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(auth.NewContext(r.Context(), auth.Principal{ID: id})))
	})
}

func TestLocationHoldsUnderEveryMount(t *testing.T) {
	h := newHouse(t, nil)
	at := func(prefix string) http.Handler {
		return as("alice", http.StripPrefix(prefix, h.up))
	}
	// A proxy that knows the service under one name and hands it on under another.
	proxy := func(outer string, inner http.Handler) http.Handler {
		backend := httptest.NewServer(inner)
		t.Cleanup(backend.Close)
		to, err := url.Parse(backend.URL)
		if err != nil {
			t.Fatal(err)
		}
		return http.StripPrefix(outer, httputil.NewSingleHostReverseProxy(to))
	}
	tests := map[string]struct {
		handler http.Handler
		post    string
		want    string // before the id
	}{
		"at a prefix":                       {at("/v1/uploads"), "/v1/uploads", "/v1/uploads/"},
		"at a prefix, asked with a slash":   {at("/v1/uploads"), "/v1/uploads/", "/v1/uploads/"},
		"at a prefix, asked with a query":   {at("/up"), "/up?filename=a/b", "/up/"},
		"at a deep prefix":                  {at("/a/b/c/d"), "/a/b/c/d", "/a/b/c/d/"},
		"at a prefix with a colon":          {at("/a:b"), "/a:b", "/a:b/"},
		"at a prefix with an escape":        {at("/my up"), "/my%20up", "/my%20up/"},
		"at the root":                       {as("alice", h.up), "/", "/"},
		"behind a proxy that strips":        {proxy("/video", at("/v1/uploads")), "/video/v1/uploads", "/video/v1/uploads/"},
		"behind a proxy that strips, slash": {proxy("/video", at("/v1/uploads")), "/video/v1/uploads/", "/video/v1/uploads/"},
		"behind a proxy that strips all":    {proxy("/video/up", as("alice", h.up)), "/video/up/", "/video/up/"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(tc.handler)
			defer server.Close()
			file := film(2000)
			res, err := server.Client().Post(server.URL+tc.post, "video/mp4", bytes.NewReader(file))
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
			loc, err := res.Location() // resolved as RFC 3986 says
			if err != nil {
				t.Fatalf("%d %v: %v", res.StatusCode, res.Header, err)
			}
			if rest, ok := strings.CutPrefix(loc.EscapedPath(), tc.want); !ok || len(rest) != 26 {
				t.Errorf("Location %q is %s, want %s{id}", res.Header.Get("Location"), loc, tc.want)
			}
			got, err := server.Client().Get(loc.String())
			if err != nil {
				t.Fatal(err)
			}
			_ = got.Body.Close()
			if got.StatusCode != 200 {
				t.Errorf("%s is answered %d", loc, got.StatusCode)
			}
		})
	}
}

func TestLocationIsAbsoluteWhenToldTheURL(t *testing.T) {
	h := newHouse(t, &upload.Options{BaseURL: "https://example.com/a/uploads/"})
	a := h.want(h.do("POST", "", bytes.NewReader(film(2000))), 201)
	if loc := a.header.Get("Location"); !strings.HasPrefix(loc, "https://example.com/a/uploads/") || strings.Contains(loc, "uploads//") {
		t.Errorf("Location is %q", loc)
	}
}
