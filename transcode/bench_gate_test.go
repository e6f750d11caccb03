package transcode_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/streamgate/streamgate"
	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/ratelimit"
	"github.com/streamgate/streamgate/transcode"
)

// A served Gate is one with all defaults, and a transcoder.
type served struct {
	t    testing.TB
	http *httptest.Server
}

func serve(t testing.TB) *served {
	t.Helper()
	options := []streamgate.Option{
		streamgate.WithTranscoder(nil), streamgate.WithAuthenticator(auth.Everybody("ann")),
		streamgate.WithLogger(slog.New(slog.DiscardHandler)),
	}
	for _, service := range []string{"upload", "metadata", "streaming", "transcoder"} {
		options = append(options, streamgate.WithRateLimit(service, ratelimit.Limit{Burst: 1e6, Rate: 1e6}))
	}
	g, err := streamgate.New(t.TempDir(), options...)
	if err == nil {
		err = g.Start(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	s := &served{t: t, http: httptest.NewServer(g)}
	t.Cleanup(func() {
		s.http.Close()
		if err := g.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s
}

func (s *served) do(method, path string, body io.Reader, into any) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.http.URL+path, body)
	if err != nil {
		s.t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err == nil && into != nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil || res.StatusCode >= http.StatusBadRequest {
		s.t.Fatalf("%s %s: %s %v\n%.500s", method, path, res.Status, err, text)
	}
}

// send uploads a file and returns its asset.
func (s *served) send(path string) string {
	s.t.Helper()
	file, err := os.Open(path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer file.Close()
	var created struct {
		Asset string `json:"asset_id"`
	}
	s.do(http.MethodPost, "/v1/uploads?filename="+filepath.Base(path), file, &created)
	return created.Asset
}

type servedAsset struct {
	State    metadata.State
	Playable bool
	Error    string

	Renditions []metadata.Rendition
}

// until waits until something holds of an asset, but not for ever.
func (s *served) until(asset string, holds func(a *servedAsset) bool) {
	s.t.Helper()
	for end := time.Now().Add(30 * time.Minute); ; time.Sleep(10 * time.Millisecond) {
		var a servedAsset
		s.do(http.MethodGet, "/v1/assets/"+asset, http.NoBody, &a)
		switch {
		case a.State == metadata.Failed:
			s.t.Fatalf("it has failed: %s", a.Error)
		case holds(&a):
			return
		case time.Now().After(end):
			s.t.Fatal("it takes more than half an hour")
		}
	}
}

// over waits until the transcode of an asset is done, and returns how that is.
func (s *served) over(asset string) transcode.Status {
	s.t.Helper()
	for end := time.Now().Add(30 * time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		var list struct{ Transcodes []transcode.Status }
		s.do(http.MethodGet, "/v1/transcodes?asset="+asset, http.NoBody, &list)
		if len(list.Transcodes) > 0 && (list.Transcodes[0].State == transcode.Done || list.Transcodes[0].State == transcode.Failed) {
			return list.Transcodes[0]
		}
	}
	s.t.Fatal("it takes more than half an hour")
	panic("unreachable")
}

// plays fails where the playlists of an asset have no segments.
func (s *served) plays(asset string) {
	s.t.Helper()
	for uri, text := range playlists(s.t, s.http.URL+"/play/"+asset+"/") {
		if !strings.Contains(text, "#EXTINF") {
			s.t.Fatalf("%s has no segments:\n%s", uri, text)
		}
	}
}

// playable sends a film of ten minutes in 1080p that HLS cannot carry, MPEG-4 part 2 in
// AVI, to a Gate, by the default profile: from the end of the upload until its first
// segment plays, beside the time until its ladder is there.
func (f *figures) playable() {
	minutes := of(f, 10.0, 1)
	piece := makeFilm(f.t, "piece.avi", "-f lavfi -i testsrc2=s=1920x1080:r=24 -f lavfi -i sine=f=220:r=44100 -t 20 -pix_fmt yuv420p -c:v mpeg4 -q:v 6 -g 48 -bf 0 -c:a mp3")
	path := makeFilm(f.t, "film.avi", fmt.Sprintf("-stream_loop %d -i %s -c copy", int(minutes*3)-1, piece))
	s := serve(f.t)
	asset := s.send(path)
	sent := time.Now()
	s.until(asset, func(a *servedAsset) bool { return a.Playable })
	s.plays(asset)
	first := time.Since(sent).Seconds()
	s.until(asset, func(a *servedAsset) bool { return a.State == metadata.Ready || len(a.Renditions) >= 4 }) // besides the smallest
	beside := time.Since(sent).Seconds()
	status := s.over(asset)
	all := time.Since(sent).Seconds()
	var rungs []string
	for _, r := range status.Rungs {
		rungs = append(rungs, fmt.Sprintf("%s %s", r.Name, r.State))
	}
	f.ratio(fmt.Sprintf("%g minutes of 1080p that HLS cannot carry: plays, of the ladder's time", minutes), "s", first, all, first/all, 0.05)
	f.note("it plays in all rungs after %.2f s; its ladder: %s", beside, strings.Join(rungs, ", "))
}

// remux is from the beginning of an upload until a minute of H.264 and AAC is ready: in
// a transport stream, which is put into another container, and in Matroska, which plays
// as it came.
func (f *figures) remux() {
	s := serve(f.t)
	for _, c := range []struct{ name, file string }{
		{"a minute of H.264 and AAC in a transport stream, remuxed: ready", "film.ts"},
		{"the same in Matroska, which plays as it came: ready", "film.mkv"},
	} {
		path := makeFilm(f.t, c.file, "-f lavfi -i testsrc2=s=1280x720:r=25:d=60 -f lavfi -i sine=d=60 -c:v libx264 -preset ultrafast -pix_fmt yuv420p -b:v 3M -g 50 -c:a aac")
		var took []float64
		for range of(f, 5, 2) {
			began := time.Now()
			asset := s.send(path)
			s.until(asset, func(a *servedAsset) bool { return a.State == metadata.Ready })
			took = append(took, time.Since(began).Seconds())
			s.do(http.MethodDelete, "/v1/assets/"+asset, http.NoBody, nil)
			time.Sleep(time.Second) // what it was still doing ends
		}
		f.alone(c.name, "s", median(took), "≤", 1)
	}
}
