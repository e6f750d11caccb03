package streamgate_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate"
	"github.com/streamgate/streamgate/metadata"
)

func TestEveryRouteRefusesWithAProblem(t *testing.T) {
	g := startGate(t, t.TempDir())
	public, admin := serve(t, g, ""), serve(t, g.Admin(), "")
	id := metadata.NewID()
	tests := []struct {
		c            *client
		method, path string
		status       int
		allow        string
	}{
		{public, "GET", "/", 404, ""},
		{public, "GET", "", 404, ""},
		{public, "GET", "/v1", 404, ""},
		{public, "GET", "/v1/", 404, ""},
		{public, "GET", "/v1/uploadsx", 404, ""},
		{public, "GET", "/v1%2Fassets", 404, ""},
		{public, "GET", "//v1/assets", 404, ""},
		{public, "GET", "/health/", 404, ""},
		{public, "GET", "/health/x", 404, ""},
		{public, "GET", "/metrics", 404, ""},
		{public, "GET", "/v1/monitor/health", 404, ""},
		{public, "POST", "/health", 405, "GET, HEAD"},
		{public, "DELETE", "/ready", 405, "GET, HEAD"},
		{public, "PUT", "/v1/uploads", 405, "POST, OPTIONS"},
		{public, "PUT", "/v1/uploads/" + id, 405, "GET, HEAD, PATCH, DELETE, OPTIONS"},
		{public, "GET", "/v1/uploads/" + id, 404, ""},
		{public, "GET", "/v1/uploads/no-id", 404, ""},
		{public, "GET", "/v1/uploads/../assets", 404, ""},
		{public, "GET", "/v1/uploads/%2e%2e%2fassets", 404, ""},
		{public, "GET", "/v1/uploads/" + id + "/nothing", 404, ""},
		{public, "PUT", "/v1/assets", 405, "GET, HEAD, POST, OPTIONS"},
		{public, "PUT", "/v1/assets/" + id, 405, "GET, HEAD, PATCH, DELETE, OPTIONS"},
		{public, "GET", "/v1/assets/" + id, 404, ""},
		{public, "GET", "/v1/assets/%00", 404, ""},
		{public, "GET", "/v1/assets/..%5c..%5cetc", 404, ""},
		{public, "GET", "/v1/assets/" + id + "/captions/en", 405, "PUT, DELETE, OPTIONS"},
		{public, "DELETE", "/v1/assets/" + id + "/captions/en", 404, ""},
		{public, "PUT", "/v1/assets/" + id + "/captions/en/x", 404, ""},
		{public, "POST", "/v1/events", 405, "GET, HEAD"},
		{public, "GET", "/v1/events/x", 404, ""},
		{public, "GET", "/play", 404, ""},
		{public, "GET", "/play/", 404, ""},
		{public, "GET", "/play/" + id, 404, ""},
		{public, "GET", "/play/" + id + "/master.m3u8", 404, ""},
		{public, "GET", "/play/" + id + "/manifest.mpd", 404, ""},
		{public, "GET", "/play/../streamgate.db", 404, ""},
		{public, "GET", "/play/%2e%2e%2f%2e%2e%2fetc%2fpasswd/master.m3u8", 404, ""},
		{public, "DELETE", "/play/" + id + "/master.m3u8", 405, "GET, HEAD, OPTIONS"},
		{admin, "GET", "/", 404, ""},
		{admin, "GET", "/v1/assets", 404, ""},
		{admin, "PUT", "/health", 405, "GET, HEAD"},
		{admin, "PUT", "/ready", 405, "GET, HEAD"},
	}
	for _, tt := range tests {
		plane := "public"
		if tt.c == admin {
			plane = "admin"
		}
		t.Run(fmt.Sprintf("%s %s on the %s plane", tt.method, tt.path, plane), func(t *testing.T) {
			a := tt.c.do(tt.method, tt.path, nil, "X-Request-ID", "walk-1")
			wantProblem(t, a, tt.status)
			if got := a.Header.Get("Allow"); got != tt.allow {
				t.Errorf("Allow %q, want %q", got, tt.allow)
			}
			if got := a.Header.Get("X-Request-ID"); got != "walk-1" {
				t.Errorf("X-Request-ID %q", got)
			}
		})
	}
}

func TestEveryAnswerHasARequestID(t *testing.T) {
	g := startGate(t, t.TempDir())
	c := serve(t, g, "")
	id := c.upload()
	for _, path := range []string{"/health", "/ready", "/v1/assets", "/v1/assets/" + id, "/play/" + id + "/master.m3u8"} {
		if a := c.get(path).want(t, http.StatusOK); a.Header.Get("X-Request-ID") == "" {
			t.Errorf("%s has none", path)
		}
	}
}

func TestAPageOfAnotherSiteCannotWrite(t *testing.T) {
	c := serve(t, startGate(t, t.TempDir()), "")
	id := c.upload()
	for _, r := range []struct{ method, path string }{
		{"POST", "/v1/uploads"}, {"POST", "/v1/assets"}, {"DELETE", "/v1/assets/" + id}, {"PATCH", "/v1/assets/" + id},
	} {
		a := c.do(r.method, r.path, strings.NewReader("x"), "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example")
		wantProblem(t, a, http.StatusForbidden)
		if a.Header.Get("Access-Control-Allow-Origin") != "" || a.Header.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s %s lets another origin read: %v", r.method, r.path, a.Header)
		}
	}
	c.get("/v1/assets/"+id).want(t, http.StatusOK)
	a := c.do(http.MethodGet, "/play/"+id+"/master.m3u8", nil, "Sec-Fetch-Site", "cross-site", "Origin", "https://player.example").want(t, http.StatusOK)
	if a.Header.Get("Access-Control-Allow-Origin") != "*" || a.Header.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("a player on another origin gets %v", a.Header)
	}
}

func TestAPageOfATrustedOriginCanUploadAndRead(t *testing.T) {
	const origin = "https://app.example"
	c := serve(t, startGate(t, t.TempDir(), streamgate.WithTrustedOrigins(origin)), "")
	fromPage := []string{"Origin", origin, "Sec-Fetch-Site", "cross-site"}
	ask := c.as("").do(http.MethodOptions, "/v1/uploads", nil, append(fromPage,
		"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "tus-resumable,upload-length")...)
	if ask.StatusCode != http.StatusNoContent || ask.Header.Get("Access-Control-Allow-Headers") != "tus-resumable,upload-length" {
		t.Errorf("the preflight: %d %v", ask.StatusCode, ask.Header)
	}
	a := c.do(http.MethodPost, "/v1/uploads", nil, append(fromPage, "Tus-Resumable", "1.0.0", "Upload-Length", "10")...).want(t, http.StatusCreated)
	if a.Header.Get("Access-Control-Allow-Origin") != origin || !strings.Contains(a.Header.Get("Access-Control-Expose-Headers"), "Location") {
		t.Errorf("the answer: %v", a.Header)
	}
	refused := c.as("").do(http.MethodGet, "/v1/assets", nil, fromPage...)
	wantProblem(t, refused, http.StatusUnauthorized)
	if refused.Header.Get("Access-Control-Allow-Origin") != origin {
		t.Errorf("the page cannot read why: %v", refused.Header)
	}
	play := c.do(http.MethodGet, "/play/"+c.upload()+"/master.m3u8", nil, fromPage...).want(t, http.StatusOK)
	if play.Header.Get("Access-Control-Allow-Origin") != "*" || play.Header.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("/play: %v", play.Header)
	}
}

func TestReadySaysMoreToOperators(t *testing.T) {
	g := openGate(t, t.TempDir())
	public, admin := serve(t, g, ""), serve(t, g.Admin(), "")
	a := admin.get("/ready")
	wantProblem(t, a, http.StatusServiceUnavailable)
	if checks := a.json(t)["checks"].(map[string]any); checks["gate"].(map[string]any)["error"] != "not started" {
		t.Errorf("checks: %v", checks)
	}
	if a := public.get("/ready"); a.StatusCode != http.StatusServiceUnavailable || strings.Contains(string(a.body), "not started") {
		t.Errorf("the public plane says %s", a.body)
	}
	if err := g.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := admin.get("/ready").want(t, http.StatusOK).json(t)
	for _, c := range got["checks"].(map[string]any) {
		delete(c.(map[string]any), "duration")
	}
	ok := map[string]any{"status": "ok"}
	want := map[string]any{"status": "ready", "checks": map[string]any{"gate": ok, "storage": ok, "metadata": ok}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if diff := cmp.Diff(map[string]any{"status": "ready"}, public.get("/ready").want(t, http.StatusOK).json(t)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
