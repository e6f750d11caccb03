package ffmpeg_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/streamgate/streamgate/internal/testclip"
	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// newRunner returns a Runner that is closed with the test, and whose directory is
// empty then.
func newRunner(t testing.TB, o *ffmpeg.Options) *ffmpeg.Runner {
	t.Helper()
	return newRunnerIn(t, t.TempDir(), o)
}

func newRunnerIn(t testing.TB, dir string, o *ffmpeg.Options) *ffmpeg.Runner {
	t.Helper()
	r, err := ffmpeg.New(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		wantDirs(t, dir)
	})
	return r
}

// shared is a Runner for all tests that have no wishes: it asks ffmpeg once what it
// can do. TestMain closes it.
func shared(t testing.TB) *ffmpeg.Runner {
	t.Helper()
	needFFmpeg(t)
	r, err := sharedRunner()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// sharedDir is where it has its directories.
var sharedDir string

var sharedRunner = sync.OnceValues(func() (*ffmpeg.Runner, error) {
	var err error
	if sharedDir, err = os.MkdirTemp("", "runs"); err != nil {
		return nil, err
	}
	return ffmpeg.New(sharedDir, &ffmpeg.Options{Nice: -1})
})

// wantDirs compares the directories of processes below dir with want, by number.
func wantDirs(t testing.TB, dir string, want ...string) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "runs-*"))
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != len(want) {
		t.Errorf("there are %q in the directory of runs, not %q", found, want)
	}
}

// clip is a file of two seconds with H.264 and AAC.
func clip(t testing.TB) ffmpeg.Input {
	t.Helper()
	return ffmpeg.Input{Path: write(t, "clip.mp4", string(testclip.MP4(t))), Type: media.TypeMP4}
}

// write makes a file.
func write(t testing.TB, name, text string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// fake has a shell script act as ffmpeg, and as ffprobe. It answers what it is
// asked as version 5.1 would, with the parts that are named, and then is script.
func fake(t testing.TB, script string) *ffmpeg.Options {
	t.Helper()
	if _, err := os.Stat("/bin/sh"); err != nil {
		t.Skip("there is no /bin/sh to play ffmpeg")
	}
	dir := t.TempDir()
	text := `#!/bin/sh
case "$*" in
-version) echo 'ffmpeg version 5.1 Copyright'; exit ;;
*-encoders) echo ' V....D libx264 H.264'; exit ;;
*-decoders|*-filters|*-formats) exit ;;
esac
` + script
	for _, name := range []string{"ffmpeg", "ffprobe"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return &ffmpeg.Options{Path: filepath.Join(dir, "ffmpeg"), Read: []string{"/bin", "/usr/bin"}, Env: []string{"PATH=/bin:/usr/bin"}}
}

// addEncoder gives a fake ffmpeg another encoder.
func addEncoder(t testing.TB, path, name string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, bytes.Replace(text, []byte("echo ' V....D libx264"), []byte("echo ' V....D "+name+" x'; echo ' V....D libx264"), 1), 0o700)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// endless is a run of ffmpeg that writes a picture now and then, and never ends by itself.
func endless() *ffmpeg.Command {
	return &ffmpeg.Command{
		Inputs:  []ffmpeg.Input{{Graph: "testsrc2=size=1280x720:rate=25", Args: []string{"-re"}}},
		Outputs: []ffmpeg.Output{{Name: "out.ts", Args: []string{"-c:v", "mpeg2video"}}},
	}
}

// wantClass checks that err is a failed run of that class whose reason has words.
func wantClass(t testing.TB, err error, class ffmpeg.Class, words string) *ffmpeg.RunError {
	t.Helper()
	e, ok := errors.AsType[*ffmpeg.RunError](err)
	if !ok {
		t.Fatalf("the error is %v, no failed run", err)
	}
	if e.Class != class || !strings.Contains(e.Reason, words) {
		t.Errorf("the run failed as %q: %q\nwanted %q: …%s…\nlog: %q", e.Class, e.Reason, class, words, e.Lines)
	}
	return e
}
