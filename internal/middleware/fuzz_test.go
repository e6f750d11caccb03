package middleware_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/streamgate/streamgate/internal/middleware"
)

// FuzzAllowHosts holds the check to what net/url reads in the same host.
func FuzzAllowHosts(f *testing.F) {
	for _, host := range []string{
		"localhost", "localhost:80", "LOCALHOST.", "[::1]:80", "[::1]", "evil.example", "localhost@evil",
		"localhost:80:80", "[localhost]:80", "::1", ":80", "", "localhost\x00.evil", "localhost/..", "[::1%25eth0]",
	} {
		f.Add(host)
	}
	allowed := map[string]bool{"localhost": true, "::1": true}
	h := middleware.AllowHosts("localhost", "::1")(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }))
	f.Fuzz(func(t *testing.T, host string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Host = host
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		u, err := url.Parse("http://" + host + "/")
		if w.Code != 204 || err != nil {
			return
		}
		if name := strings.TrimSuffix(strings.ToLower(u.Hostname()), "."); !allowed[name] && !allowed[host] {
			t.Errorf("%q passed, which is the host %q", host, name)
		}
	})
}
