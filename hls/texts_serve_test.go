package hls

import (
	"math"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/captions"
	"github.com/streamgate/streamgate/internal/playcheck"
	"github.com/streamgate/streamgate/metadata"
)

// spokenFilm is 14 seconds of picture with subtitles of two languages in it.
func spokenFilm(t testing.TB) []byte {
	t.Helper()
	playcheck.Require(t)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.srt"), []byte("1\n00:00:01,000 --> 00:00:03,000\nOne\n\n2\n00:00:05,000 --> 00:00:09,500\nTwo\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	args := "-v error -f lavfi -i testsrc2=s=160x90:r=25:d=14 -f srt -i a.srt -f srt -i a.srt -map 0 -map 1 -map 2 -c:v libx264 -preset ultrafast -g 50 " +
		"-c:s mov_text -metadata:s:s:0 language=eng -metadata:s:s:1 language=ger film.mp4"
	c := exec.CommandContext(t.Context(), "ffmpeg", strings.Fields(args)...)
	c.Dir = dir
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return readFile(t, filepath.Join(dir, "film.mp4"))
}

// subtitlesIn are name, language and DEFAULT of the subtitles of a playlist.
func subtitlesIn(playlist string) (list []string) {
	for line := range strings.Lines(playlist) {
		if strings.Contains(line, "TYPE=SUBTITLES") {
			said := ""
			for _, field := range []string{"NAME=", "LANGUAGE=", "DEFAULT=", "AUTOSELECT=", "URI="} {
				_, after, _ := strings.Cut(line, field)
				value, _, _ := strings.Cut(after, ",")
				said += strings.Trim(value, "\"\n") + " "
			}
			uri := strings.Fields(said)
			list = append(list, strings.Join(uri[:len(uri)-1], " ")+" "+strings.Split(uri[len(uri)-1], "/")[1])
		}
	}
	return list
}

func TestSubtitlesBesideAFileReplaceThoseInIt(t *testing.T) {
	l := newLibraryOf(t, spokenFilm(t), nil)
	for _, c := range []struct {
		name     string
		captions []metadata.Caption
		want     []string
	}{
		{"none beside it", nil, []string{"en en NO YES t2", "de de NO YES t3"}},
		{"the same language", []metadata.Caption{{Language: "DE", Default: true}}, []string{"DE DE YES YES s1", "en en NO YES t2"}},
		{"another", []metadata.Caption{{Language: "fr"}}, []string{"fr fr NO YES s1", "en en NO YES t2", "de de NO YES t3"}},
		{"the same for who cannot hear", []metadata.Caption{{Language: "en", Kind: metadata.SpokenAndSounds}}, []string{"en en NO YES s1", "en (2) en NO YES t2", "de de NO YES t3"}},
		{"what everybody has to read", []metadata.Caption{{Language: "en", Forced: true}}, []string{"en en NO YES s1", "en (2) en NO YES t2", "de de NO YES t3"}},
	} {
		l.caption(shortCues, c.captions...)
		text := l.playlist(t)
		if d := cmp.Diff(c.want, subtitlesIn(text)); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
		parseMultivariant(t, []byte(text))
	}
}

// TestSubtitlesInAStoredFile are read by way of the stored index; a damaged one is
// made anew.
func TestSubtitlesInAStoredFile(t *testing.T) {
	l := newLibraryOf(t, spokenFilm(t), nil)
	h := by(ann, l)
	at := base(t, h, "/film", "t3")
	got := ask(h, "GET", at+"1.vtt")
	body := string(content(t, got))
	if want := "X-TIMESTAMP-MAP"; !strings.Contains(body, want) || !strings.Contains(body, "\n2\n00:00:05.000 --> 00:00:09.500\nTwo\n") || strings.Contains(body, "One") {
		t.Errorf("%s: %s", got.Status, body)
	}
	if got.Header.Get("Cache-Control") != "private, max-age=31536000, immutable" || got.Header.Get("Content-Type") != "text/vtt" {
		t.Errorf("%v", got.Header)
	}
	if again := ask(h, "GET", at+"1.vtt", "If-None-Match", got.Header.Get("Etag")); again.StatusCode != http.StatusNotModified {
		t.Errorf("%s", again.Status)
	}
	if text := string(content(t, ask(h, "GET", "/film/manifest.mpd"))); strings.Contains(text, "text/vtt") {
		t.Error("a manifest offers files of subtitles from a storage where each cue is a request")
	}
	l.caption(shortCues, metadata.Caption{Language: "fr"})
	if text := string(content(t, ask(h, "GET", "/film/manifest.mpd"))); strings.Count(text, "text/vtt") != 1 || !strings.Contains(text, "/s1/all.vtt</BaseURL>") {
		t.Errorf("with captions beside it:\n%s", text)
	}
	whole := ask(h, "GET", base(t, h, "/film", "s1")+"all.vtt")
	if cues, err := captions.Parse(content(t, whole)); err != nil || len(cues) == 0 {
		t.Errorf("%s: %v %v", whole.Status, cues, err)
	}

	stored := l.files.blobs["film/index"]
	stored[len(stored)-1] ^= 1 // of the last block, which is of t3
	got = ask(h, "GET", at+"0.vtt")
	if body := string(content(t, got)); got.StatusCode != http.StatusOK || !strings.Contains(body, "One") {
		t.Errorf("with a damaged index: %s %s", got.Status, body)
	}
	for _, path := range []string{"9.vtt", "init.mp4", "0.m4s", "iframes.m3u8"} {
		if got := ask(h, "GET", at+path); got.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", path, got.Status)
		}
	}
	if got := ask(h, "GET", strings.Replace(at, "/t3/", "/t9/", 1)+"0.vtt"); got.StatusCode != http.StatusNotFound {
		t.Errorf("a track that is not there: %s", got.Status)
	}
	if n := l.files.open.Load(); n != 0 {
		t.Errorf("%d blobs are still open", n)
	}
}

// TestASegmentShowsSoMuchText bounds what one request reads and makes.
func TestASegmentShowsSoMuchText(t *testing.T) {
	l := newLibraryOf(t, spokenFilm(t), nil)
	p, err := l.presentation(t.Context(), must(l.row(t.Context(), "film")))
	if err != nil {
		t.Fatal(err)
	}
	s := p.texts().tracks[0]
	for name, c := range map[string]struct {
		most limits
		want int
	}{
		"all":                {forFile, 2},
		"one sample":         {limits{1, 1000, 1000}, 1},
		"few bytes to read":  {limits{10, 9, 1000}, 1},
		"few bytes to write": {limits{10, 1000, cueOverhead + 4}, 1},
	} {
		cues, err := l.textCues(t.Context(), s, 0, math.MaxInt64, c.most)
		if err != nil || len(cues) != c.want {
			t.Errorf("%s: %d cues, %v", name, len(cues), err)
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
