package streamgate_test

import (
	"bytes"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/streamgate/streamgate"
	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/hls"
	jobsqlite "github.com/streamgate/streamgate/jobs/sqlite"
	"github.com/streamgate/streamgate/metadata/sqlite"
	"github.com/streamgate/streamgate/storage/disk"
	"github.com/streamgate/streamgate/transcode"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
	"github.com/streamgate/streamgate/upload"
)

// foreignFilm is a film that HLS cannot carry, of so many seconds.
func foreignFilm(t *testing.T, seconds string) []byte {
	t.Helper()
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("ffmpeg is not installed")
		}
		t.Skip("ffmpeg is not installed; `apt-get install ffmpeg` brings it")
	}
	path := filepath.Join(t.TempDir(), "film.avi")
	options := "-v error -f lavfi -i testsrc2=s=320x240:r=25:d=" + seconds + " -f lavfi -i sine=d=" + seconds + " -c:v mpeg4 -q:v 5 -g 50 -c:a mp3 " + path
	if out, err := exec.Command("ffmpeg", strings.Fields(options)...).CombinedOutput(); err != nil { //nolint:gosec // options of this test
		t.Fatalf("%v: %s", err, out)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// quick is a profile that costs little.
var quick = &transcode.Options{Profiles: []transcode.Profile{{
	Preset: "ultrafast", Rungs: []transcode.Rung{{Height: 120, CRF: 30, MaxRate: 200_000}, {Height: 240, CRF: 30, MaxRate: 400_000}},
}}}

func TestAFileThatHLSCannotCarryIsTranscodedAndPlays(t *testing.T) {
	film := foreignFilm(t, "30")
	c := serve(t, startGate(t, t.TempDir(), streamgate.WithTranscoder(quick),
		streamgate.WithPlayback(func(o *hls.Options) { o.Downloads = true })), "")
	created := c.do(http.MethodPost, "/v1/uploads?filename=film.avi", bytes.NewReader(film)).want(t, http.StatusCreated).json(t)
	id := created["asset_id"].(string)
	asset := func() map[string]any { return c.get("/v1/assets/"+id).want(t, http.StatusOK).json(t) }
	if a := asset(); a["state"] != "processing" || a["waiting"] != "transcoder" || a["reason"] == nil {
		t.Fatalf("the asset is %v", a)
	}
	patiently(t, "both rungs are there", func() bool {
		a := asset()
		if a["state"] == "failed" {
			t.Fatalf("the asset is %v", a)
		}
		return a["state"] == "ready" && len(a["renditions"].([]any)) == 2
	})
	if n := plays(t, c, c.base+asset()["playback"].(string)); n < 18 {
		t.Errorf("%d segments and init segments, want 3 tracks of 6", n)
	}
	if got := c.get("/play/"+id+"/download").want(t, http.StatusOK); !bytes.Equal(got.body, film) {
		t.Error("what is downloaded is not what was uploaded")
	}
	c.do(http.MethodDelete, "/v1/assets/"+id, nil).want(t, http.StatusNoContent)
}

func TestALimitOfUploadsHoldsForWhatIsTranscoded(t *testing.T) {
	film := foreignFilm(t, "3")
	c := serve(t, startGate(t, t.TempDir(), streamgate.WithTranscoder(quick),
		streamgate.WithUpload(func(o *upload.Options) { o.MaxDuration = time.Second })), "")
	created := c.do(http.MethodPost, "/v1/uploads", bytes.NewReader(film)).want(t, http.StatusCreated).json(t)
	patiently(t, "it is refused", func() bool {
		a := c.get("/v1/assets/"+created["asset_id"].(string)).want(t, http.StatusOK).json(t)
		if a["state"] == "ready" {
			t.Fatalf("the asset is %v", a)
		}
		why, _ := a["error"].(string)
		return a["state"] == "failed" && strings.Contains(why, "it lasts 3s")
	})
}

func TestWithoutFFmpegWhatHLSCannotCarryWaits(t *testing.T) {
	film := foreignFilm(t, "2")
	dir := t.TempDir()
	g := startGate(t, dir, streamgate.WithTranscoder(&transcode.Options{Look: 100 * time.Millisecond}), streamgate.WithFFmpeg(&ffmpeg.Options{Path: filepath.Join(dir, "none")}))
	c := serve(t, g, "")
	created := c.do(http.MethodPost, "/v1/uploads", bytes.NewReader(film)).want(t, http.StatusCreated).json(t)
	patiently(t, "it says what is missing", func() bool {
		a := c.get("/v1/assets/"+created["asset_id"].(string)).want(t, http.StatusOK).json(t)
		reason, _ := a["reason"].(string)
		return a["waiting"] == "ffmpeg" && strings.Contains(reason, "none")
	})
	installed, err := exec.LookPath("ffmpeg")
	if err == nil {
		err = os.Symlink(installed, filepath.Join(dir, "none"))
	}
	if err != nil {
		t.Fatal(err)
	}
	patiently(t, "it goes on once ffmpeg is there", func() bool {
		return c.get("/v1/assets/" + created["asset_id"].(string)).json(t)["state"] == "ready"
	})
}

// patiently waits for what takes a while on a busy machine.
func patiently(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(5 * time.Minute); !holds(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within five minutes: %s", what)
		}
	}
}

// A Gate whose bytes lie elsewhere has ffmpeg write among temporary files, and removes
// what one left there that was killed.
func TestWhereFFmpegWritesGoesWithTheGate(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	temp, err := ffmpeg.TempDir()
	if err == nil {
		err = os.MkdirAll(filepath.Join(temp, "runs-1", "2"), 0o700)
	}
	if err != nil {
		t.Fatal(err)
	}
	found := func(when string, want int) {
		t.Helper()
		if left, err := filepath.Glob(filepath.Join(temp, "runs-*")); err != nil || len(left) != want {
			t.Errorf("%s there are %q, want %d (%v)", when, left, want, err)
		}
	}
	files, err := disk.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	db, err := sqlite.Open(filepath.Join(t.TempDir(), "db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := errors.Join(files.Close(), db.Close()); err != nil {
			t.Error(err)
		}
	}()
	g, err := streamgate.New("", streamgate.WithStorage(files), streamgate.WithMetadata(db.Metadata()),
		streamgate.WithJobDatabase(jobsqlite.Database(db)), streamgate.WithTranscoder(nil), streamgate.WithAuthenticator(auth.Everybody("local")))
	if err != nil {
		t.Fatal(err)
	}
	found("while it is open", 1)
	if left, err := os.ReadDir(filepath.Join(temp, "runs-1")); err == nil {
		t.Errorf("what was left is there: %v", left)
	}
	if err := g.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	found("after it", 0)
}
