package testclip

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The shapes of files that play before they are whole, as -movflags of ffmpeg.
const (
	MoovFirst   = "+faststart"
	InFragments = "+frag_keyframe+empty_moov+default_base_moof"
	MoovLast    = "-faststart" // and this is one that does not
)

const film = "-v error -nostdin -y -f lavfi -i testsrc2=s=160x90:r=25:d=40 -f lavfi -i sine=f=330:r=48000:d=40 " +
	"-c:v libx264 -preset ultrafast -pix_fmt yuv420p -bf 2 -g 50 -c:a aac -b:a 48k -movflags "

// Film returns an MP4 of forty seconds with H.264 and AAC, of a shape.
func Film(t testing.TB, shape string) []byte {
	t.Helper()
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		const missing = "ffmpeg is not installed; `apt-get install ffmpeg` brings it"
		if os.Getenv("CI") != "" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	name := filepath.Join(t.TempDir(), "film.mp4")
	if text, err := exec.CommandContext(t.Context(), "ffmpeg", append(strings.Fields(film), shape, name)...).CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, text)
	}
	file, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return file
}
