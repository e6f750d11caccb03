package main

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/streamgate/streamgate/auth"
)

func TestKeyLetsIn(t *testing.T) {
	k := newKey(testKey)
	tests := []struct {
		name   string
		header string
		cookie string
		want   string // id of the principal
		wrong  bool
	}{
		{name: "nobody without a key"},
		{name: "whoever has the key", header: "Bearer " + testKey, want: operator},
		{name: "whatever the case of the scheme", header: "bearer " + testKey, want: operator},
		{name: "nobody with a wrong key", header: "Bearer " + testKey + "x", wrong: true},
		{name: "nobody with an empty key", header: "Bearer ", wrong: true},
		{name: "nobody by another scheme", header: "Basic " + testKey, wrong: true},
		{name: "the session of the page", cookie: k.session, want: operator},
		{name: "nobody with the key itself as a cookie", cookie: "stolen"},
		{name: "nobody with the session of another key", cookie: newKey(testKey + "x").session},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			if tt.header != "" {
				r.Header.Set("Authorization", tt.header)
			}
			if tt.cookie != "" {
				r.AddCookie(&http.Cookie{Name: cookieName, Value: tt.cookie})
			}
			p, err := k.authenticate(r)
			if p.ID != tt.want || errors.Is(err, auth.ErrUnauthenticated) != tt.wrong {
				t.Errorf("principal %q, error %v; want %q, refused %v", p.ID, err, tt.want, tt.wrong)
			}
		})
	}
}

func TestSession(t *testing.T) {
	k := newKey(testKey)
	mux := http.NewServeMux()
	k.routes(mux)
	tests := []struct {
		name, method, body, origin string
		status                     int
		cookie                     bool
	}{
		{name: "the key opens one", method: "POST", body: `{"key":"` + testKey + `"}`, status: 204, cookie: true},
		{name: "a wrong key opens none", method: "POST", body: `{"key":"wrong"}`, status: 403},
		{name: "a body that is no JSON opens none", method: "POST", body: `key=wrong`, status: 400},
		{name: "another site opens none", method: "POST", body: `{"key":"` + testKey + `"}`, origin: "https://evil.example", status: 403},
		{name: "signing out ends it", method: "DELETE", status: 204, cookie: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest(tt.method, "http://gate.example/session", strings.NewReader(tt.body))
			if tt.origin != "" {
				r.Header.Set("Origin", tt.origin)
			}
			w := httptest.NewRecorder()
			mux.ServeHTTP(w, r)
			cookies := w.Result().Cookies()
			if w.Code != tt.status || (len(cookies) > 0) != tt.cookie {
				t.Fatalf("status %d with %d cookies, want %d, cookie %v", w.Code, len(cookies), tt.status, tt.cookie)
			}
			for _, c := range cookies {
				if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || strings.Contains(c.Value, testKey) {
					t.Errorf("the cookie %v is readable by scripts, by other sites, or shows the key", c)
				}
			}
		})
	}
}
