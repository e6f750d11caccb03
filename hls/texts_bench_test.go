package hls

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/streamgate/streamgate/internal/playcheck"
)

// spokenFilmOfTenMinutes has a cue every two seconds.
func spokenFilmOfTenMinutes(b *testing.B) string {
	b.Helper()
	playcheck.Require(b)
	dir := b.TempDir()
	var srt strings.Builder
	for i := range 300 {
		fmt.Fprintf(&srt, "%d\n00:%02d:%02d,100 --> 00:%02d:%02d,900\nWhat is said in sentence %d\n\n", i+1, i/30, i%30*2, i/30, i%30*2+1, i)
	}
	if err := os.WriteFile(filepath.Join(dir, "a.srt"), []byte(srt.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	c := exec.CommandContext(b.Context(), "ffmpeg", strings.Fields("-v error -f lavfi -i testsrc2=s=160x90:r=30:d=600 -f srt -i a.srt -map 0 -map 1 -c:v libx264 -preset ultrafast -g 60 -c:s mov_text film.mp4")...)
	c.Dir = dir
	if out, err := c.CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	return dir
}

func BenchmarkSubtitlesInAFile(b *testing.B) {
	dir := spokenFilmOfTenMinutes(b)
	h := Dir(dir)
	at := base(b, h, "/film.mp4", "t2")
	b.Run("a segment", func(b *testing.B) {
		b.ReportAllocs()
		for i := range b.N {
			ask(h, "GET", fmt.Sprintf("%s%d.vtt", at, i%100))
		}
	})
	b.Run("the file, cold", func(b *testing.B) {
		for b.Loop() {
			h.cache = NewCache(1 << 20)
			ask(h, "GET", base(b, h, "/film.mp4", "t2")+"all.vtt")
		}
	})
	b.Run("closed captions", func(b *testing.B) {
		info, err := os.Stat(filepath.Join(dir, "film.mp4"))
		if err != nil {
			b.Fatal(err)
		}
		root, err := h.open()
		if err != nil {
			b.Fatal(err)
		}
		v, ok := h.cache.Get(h.key("film.mp4", info))
		if !ok {
			b.Fatal("it is not in the cache")
		}
		src, _, err := openFile(root, "film.mp4")
		if err != nil {
			b.Fatal(err)
		}
		defer src.Close()
		t := &v.(*presentation).tracks[0]
		for b.Loop() {
			if err := t.findClosedCaptions(b.Context(), src, nil); err != nil || t.captions.Any() {
				b.Fatal(err)
			}
		}
	})
}
