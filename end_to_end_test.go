package streamgate_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/streamgate/streamgate"
	"github.com/streamgate/streamgate/metadata"
)

// plays fetches a presentation to its last segment, by nothing but what the
// playlists say, and returns how many segments there were.
func plays(t *testing.T, c *client, master string) (segments int) {
	t.Helper()
	for _, media := range references(t, c, master) {
		list := references(t, c, media)
		for _, uri := range list {
			if a := c.at(uri).want(t, http.StatusOK); len(a.body) == 0 {
				t.Errorf("%s is empty", uri)
			}
		}
		segments += len(list)
	}
	return segments
}

// at fetches an absolute URL.
func (c *client) at(uri string) answer {
	c.t.Helper()
	d := *c
	d.base = ""
	return d.get(uri)
}

// references returns what a playlist refers to, as absolute URLs.
func references(t *testing.T, c *client, playlist string) []string {
	t.Helper()
	a := c.at(playlist).want(t, http.StatusOK)
	if got := a.Header.Get("Content-Type"); got != "application/vnd.apple.mpegurl" {
		t.Errorf("%s: Content-Type %q", playlist, got)
	}
	var found []string
	for line := range strings.Lines(string(a.body)) {
		line = strings.TrimSpace(line)
		if _, quoted, ok := strings.Cut(line, `URI="`); ok {
			line, _, _ = strings.Cut(quoted, `"`)
		}
		if line == "" || line[0] == '#' {
			continue
		}
		ref, err := a.Request.URL.Parse(line)
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, ref.String())
	}
	if len(found) == 0 {
		t.Errorf("%s refers to nothing:\n%s", playlist, a.body)
	}
	return found
}

func TestAnUploadPlays(t *testing.T) {
	var ready atomic.Value
	g := startGate(t, t.TempDir(), streamgate.OnReady(func(_ context.Context, a *metadata.Asset) { ready.Store(a.ID) }))
	c := serve(t, g, "")
	id := c.upload()

	asset := c.get("/v1/assets/"+id).want(t, http.StatusOK).json(t)
	if asset["state"] != "ready" || asset["playable"] != true || asset["owner"] != "ada" {
		t.Errorf("the asset is %v", asset)
	}
	if n := plays(t, c, c.base+asset["playback"].(string)); n < 4 {
		t.Errorf("%d segments and init segments, want 4 at least", n)
	}
	eventually(t, "OnReady was called", func() bool { return ready.Load() == id })
}

// mounts are ways in which a Gate is reached at /video.
var mounts = map[string]func(t *testing.T, g http.Handler) http.Handler{
	"under StripPrefix": func(_ *testing.T, g http.Handler) http.Handler {
		mux := http.NewServeMux()
		mux.Handle("/video/", http.StripPrefix("/video", g))
		return mux
	},
	"behind a proxy that strips the prefix": func(t *testing.T, g http.Handler) http.Handler {
		backend := httptest.NewServer(g)
		t.Cleanup(backend.Close)
		target, err := url.Parse(backend.URL)
		if err != nil {
			t.Fatal(err)
		}
		proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.SetXForwarded()
		}}
		mux := http.NewServeMux()
		mux.Handle("/video/", http.StripPrefix("/video", proxy))
		return mux
	},
}

func TestAGateWorksUnderAnyPrefix(t *testing.T) {
	for name, mount := range mounts {
		t.Run(name, func(t *testing.T) {
			c := serve(t, mount(t, startGate(t, t.TempDir())), "/video")
			id := c.upload()
			plays(t, c, c.base+"/play/"+id+"/master.m3u8")

			a := c.do(http.MethodPost, "/v1/uploads", nil, "Tus-Resumable", "1.0.0", "Upload-Length", "10").want(t, http.StatusCreated)
			location, err := a.Location()
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(location.Path, "/video/v1/uploads/") {
				t.Errorf("Location %q leads to %s", a.Header.Get("Location"), location)
			}
			c.at(location.String()).want(t, http.StatusOK)
			c.get("/health").want(t, http.StatusOK)
			wantProblem(t, c.get("/"), http.StatusNotFound)
		})
	}
}

func TestAPublicURLMakesAnswersAbsolute(t *testing.T) {
	c := serve(t, startGate(t, t.TempDir(), streamgate.WithPublicURL("https://cdn.example/video/")), "")
	id := c.upload()
	asset := c.get("/v1/assets/"+id).want(t, http.StatusOK).json(t)
	if want := "https://cdn.example/video/play/" + id + "/master.m3u8"; asset["playback"] != want {
		t.Errorf("playback %v, want %s", asset["playback"], want)
	}
	a := c.do(http.MethodPost, "/v1/uploads", nil, "Tus-Resumable", "1.0.0", "Upload-Length", "10").want(t, http.StatusCreated)
	if got := a.Header.Get("Location"); !strings.HasPrefix(got, "https://cdn.example/video/v1/uploads/") {
		t.Errorf("Location %q", got)
	}
}
