package transcode_test

import (
	"testing"

	"github.com/streamgate/streamgate/metadata"
)

// BenchmarkRemux is from the end of an upload until a minute of H.264 and AAC in a
// transport stream is ready.
func BenchmarkRemux(b *testing.B) {
	path := makeFilm(b, "film.ts", "-f lavfi -i testsrc2=s=1280x720:r=25:d=60 -f lavfi -i sine=d=60 -c:v libx264 -preset ultrafast -b:v 3M -g 50 -c:a aac")
	h := newHouse(b, b.TempDir(), smallOptions())
	for b.Loop() {
		id := h.send(path, "").ID
		h.until("it is ready", func() bool { return h.asset(id).State == metadata.Ready })
		b.StopTimer()
		h.over(id)
		b.StartTimer()
	}
}
