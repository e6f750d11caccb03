package transcode_test

import (
	"fmt"
	"strings"
	"testing"
)

// TestColorsAreThoseThatPlayersTookTheSourceFor makes small rungs of sources that do not
// say which their colors are.
func TestColorsAreThoseThatPlayersTookTheSourceFor(t *testing.T) {
	const film = "-f lavfi -i color=0x20d040:s=%s:r=25:d=0.2"
	for _, c := range []struct {
		name, file, size, make, want string
		luma                         byte // of RGB; 0 is that of the source
	}{
		{"high definition", "a.avi", "1280x720", "-c:v mpeg4 -q:v 2", "bt709", 0},
		{"standard definition", "a.avi", "640x480", "-c:v mpeg4 -q:v 2", "smpte170m", 0},
		{"RGB of high definition", "a.avi", "1280x720", "-c:v huffyuv -pix_fmt rgb24", "bt709", 0x9a},
		{"RGB of standard definition", "a.avi", "640x480", "-c:v huffyuv -pix_fmt rgb24", "smpte170m", 0x87},
		{"one that tells", "a.mkv", "640x480", "-c:v mpeg2video -q:v 2 -color_primaries bt709 -color_trc bt709 -colorspace bt709", "bt709", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			source := makeFilm(t, c.file, fmt.Sprintf(film, c.size)+" "+c.make)
			path, err := transcodeFile(t.Context(), runner(t), input(t, source), small(144), t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Trim(call(t, "", "ffprobe", "-v", "error", "-show_entries", "stream=color_space", "-of", "csv=p=0", path), ",\n"); got != c.want {
				t.Errorf("the colors are those of %q, want %q", got, c.want)
			}
			want := c.luma
			if want == 0 {
				want = luma(t, source)
			}
			if got := luma(t, path); int(got)-int(want) > 4 || int(want)-int(got) > 4 {
				t.Errorf("its luma is %#x, want %#x", got, want)
			}
		})
	}
}

// luma is that of the first pixel.
func luma(t *testing.T, path string) byte {
	t.Helper()
	return call(t, "", "ffmpeg", "-v", "error", "-i", path, "-frames:v", "1", "-pix_fmt", "yuv420p", "-f", "rawvideo", "-")[0]
}
