package streamgate_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/streamgate/streamgate"
	"github.com/streamgate/streamgate/internal/playcheck"
	"github.com/streamgate/streamgate/transcode"
)

// TestAVIWithBFramesPlaysAsTheFilmThatItWas copies a minute from MP4 into AVI, which
// forgets when pictures show. A Gate whose profile has no rungs cannot encode any: what
// plays is held against the MP4, packet by packet and picture by picture.
func TestAVIWithBFramesPlaysAsTheFilmThatItWas(t *testing.T) {
	if testing.Short() {
		t.Skip("a minute is decoded twice: leave out -short")
	}
	playcheck.Require(t)
	dir := t.TempDir()
	mp4, avi := filepath.Join(dir, "film.mp4"), filepath.Join(dir, "film.avi")
	for _, options := range []string{
		"-f lavfi -i testsrc2=s=320x240:r=30000/1001:d=60 -c:v libx264 -preset veryfast -pix_fmt yuv420p -bf 3 -g 90 -x264-params b-pyramid=normal " + mp4,
		"-i " + mp4 + " -c copy " + avi,
	} {
		if out, err := exec.Command("ffmpeg", append([]string{"-v", "error"}, strings.Fields(options)...)...).CombinedOutput(); err != nil { //nolint:gosec // options of this test
			t.Fatalf("%v: %s", err, out)
		}
	}
	film, err := os.ReadFile(avi)
	if err != nil {
		t.Fatal(err)
	}
	bare := &transcode.Options{Profiles: []transcode.Profile{{}}}
	g := startGate(t, t.TempDir(), streamgate.WithTranscoder(bare))
	c := serve(t, g, "")
	id := c.do(http.MethodPost, "/v1/uploads?filename=film.avi", bytes.NewReader(film)).want(t, http.StatusCreated).json(t)["asset_id"].(string)
	asset := func() map[string]any { return c.get("/v1/assets/"+id).want(t, http.StatusOK).json(t) }
	patiently(t, "it plays", func() bool {
		a := asset()
		if a["state"] == "failed" {
			t.Fatalf("the asset is %v", a)
		}
		return a["state"] == "ready"
	})
	made := c.get("/v1/transcodes?asset="+id).want(t, http.StatusOK).json(t)["transcodes"].([]any)[0].(map[string]any)
	if made["carriage"] != "remuxed" {
		t.Errorf("the transcode is %v", made)
	}
	player := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Set("Test-User", "ada") // as c does
		g.ServeHTTP(w, r)
	}))
	defer player.Close()
	r := playcheck.Compare(t, mp4, player.URL+asset()["playback"].(string))
	if !r.Plays() || r.Packets() < 1700 {
		t.Errorf("%d packets: %s", r.Packets(), strings.Join(r.Problems, "\n"))
	}
}
