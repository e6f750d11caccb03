package streamgate_test

import (
	"bytes"
	"image/jpeg"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/streamgate/streamgate"
	"github.com/streamgate/streamgate/auth"
)

// TestAPosterIsMadeOfWhatPlaysAsItCame asks for nothing: with a transcoder and ffmpeg
// it comes by itself.
func TestAPosterIsMadeOfWhatPlaysAsItCame(t *testing.T) {
	foreignFilm(t, "1") // skips without ffmpeg
	name := filepath.Join(t.TempDir(), "film.mp4")
	options := "-v error -f lavfi -i testsrc2=s=320x240:r=25:d=3 -c:v libx264 -preset ultrafast -pix_fmt yuv420p " + name
	if out, err := exec.Command("ffmpeg", strings.Fields(options)...).CombinedOutput(); err != nil { //nolint:gosec // options of this test
		t.Fatalf("%v: %s", err, out)
	}
	film, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	g := startGate(t, t.TempDir(), streamgate.WithTranscoder(quick), streamgate.WithPublicURL("https://v.example"),
		streamgate.WithAuthorizer(auth.PublicPlay(auth.OwnerOnly())))
	c := serve(t, g, "")
	id := c.do(http.MethodPost, "/v1/uploads?filename=film.mp4", bytes.NewReader(film)).want(t, http.StatusCreated).json(t)["asset_id"].(string)
	var at string
	patiently(t, "the poster is there", func() bool {
		at, _ = c.get("/v1/assets/"+id).want(t, http.StatusOK).json(t)["poster"].(string)
		return at != ""
	})
	path, ok := strings.CutPrefix(at, "https://v.example")
	if !ok {
		t.Errorf("it is at %s", at)
	}
	picture := c.get(path).want(t, http.StatusOK)
	if size, err := jpeg.DecodeConfig(bytes.NewReader(picture.body)); err != nil || size.Width != 320 || size.Height != 240 {
		t.Errorf("it is %+v, %v", size, err)
	}
	again := c.do(http.MethodPut, "/v1/assets/"+id+"/poster", bytes.NewReader(picture.body)).want(t, http.StatusOK).json(t)
	if sent := again["poster"].(string); sent == at {
		t.Errorf("one that was sent is at %s, too", sent)
	}
}
