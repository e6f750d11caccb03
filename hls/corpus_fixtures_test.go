package hls_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/streamgate/streamgate/hls"
	"github.com/streamgate/streamgate/internal/playcheck"
)

// fixture is a file that ffmpeg makes for the test: a line of arguments for each
// step, the last of which writes a file, such as out.mp4. In a line, $V and $A are
// 14 seconds of picture and sound, $BASE is the two as H.264 with B-frames and
// AAC without made-up noise, so that its samples can be compared from anywhere.
type fixture struct {
	name  string
	steps string
	patch func(t *testing.T, dir string, data []byte) []byte // what ffmpeg cannot do; may be nil
	class string                                             // "" is hls

	only      string            // begins the only problem that it may have
	exception string            // why it does not do what its class says
	breaks    map[string]string // rules of the draft that its playlists break, each with the reason
}

const (
	pictures = "-f lavfi -i testsrc2=s=160x90:r=25:d=14"
	sound    = "-f lavfi -i aevalsrc=0.4*sin(2*PI*(200+40*t)*t)|0.3*sin(2*PI*331*t):s=48000:d=14"
	x264     = "-c:v libx264 -preset veryfast -g 50 -bf 3"
)

// texts are files that steps may use.
var texts = map[string]string{
	"subs.srt": "1\n00:00:01,000 --> 00:00:03,000\nOne\n\n2\n00:00:08,000 --> 00:00:09,500\nTwo\n",
	"chapters.txt": ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1\nSTART=0\nEND=5\ntitle=First\n" +
		"[CHAPTER]\nTIMEBASE=1/1\nSTART=5\nEND=14\ntitle=Second\n",
}

// TestFixtures plays files of every shape that the corpus lacks beside
// themselves, as TestCorpus does, and then once more settled: every third, or with
// -short every twelfth, and all where STREAMGATE_CORPUS_ALL is set, as by make corpus.
func TestFixtures(t *testing.T) {
	playcheck.Require(t)
	base := filepath.Join(t.TempDir(), "base.mp4")
	encode(t, filepath.Dir(base), base, "$V $A "+x264+" -c:a aac -aac_pns 0 "+base)
	var table table
	t.Run("files", func(t *testing.T) {
		for i, f := range fixtures() {
			if spared(t, i, 3, 12) {
				continue
			}
			t.Run(f.name, func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				name := f.make(t, dir, base)
				class := f.class
				if class == "" {
					class = classHLS
				}
				r := examine(t, serve(t, dir), dir, film{name: name, class: class, exception: f.exception, only: f.only})
				keepsRules(t, hls.Dir(dir), name, f.breaks)
				settles(t, dir, name, slices.ContainsFunc(timeShapes, func(s fixture) bool { return s.name == f.name }))
				r.name = f.name
				table.add(r)
			})
		}
	})
	t.Log(table.String())
}

// make writes the file and returns its name.
func (f fixture) make(t *testing.T, dir, base string) string {
	t.Helper()
	for name, text := range texts {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for step := range strings.Lines(f.steps) {
		encode(t, dir, base, strings.TrimSpace(step))
	}
	name := f.steps[strings.LastIndexByte(f.steps, ' ')+1:]
	if f.patch != nil {
		path := filepath.Join(dir, name)
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.patch(t, dir, data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return name
}

var encoder = regexp.MustCompile(`-c:[va] (lib\w+)`)

// encode runs ffmpeg with a line of arguments.
func encode(t *testing.T, dir, base, line string) {
	t.Helper()
	for _, m := range encoder.FindAllStringSubmatch(line, -1) {
		requireEncoder(t, m[1])
	}
	line = strings.NewReplacer("$V", pictures, "$A", sound, "$BASE", "-i "+base).Replace(line)
	args := append([]string{"-v", "error", "-nostdin", "-y"}, strings.Fields(line)...)
	c := exec.CommandContext(t.Context(), "ffmpeg", args...)
	c.Dir = dir
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg %s: %v\n%s", line, err, out)
	}
}

// requireEncoder skips the test where ffmpeg was built without an encoder.
func requireEncoder(t *testing.T, name string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error", "-encoders").Output()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(out, []byte(" "+name+" ")) {
		playcheck.Missing(t, "this ffmpeg has no encoder %s; Debian's package has it", name)
	}
}
