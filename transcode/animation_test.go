package transcode_test

import (
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/streamgate/streamgate/metadata"
)

// TestPicturesAreNoFilms sends what is a picture, or a picture that moves and cannot be
// decoded, and wants whoever sent it to be told so.
func TestPicturesAreNoFilms(t *testing.T) {
	h := newHouse(t, t.TempDir(), oddOptions())
	for _, c := range []struct {
		name, file, make string
		then             func(t *testing.T, path string)
		says             string
	}{
		{name: "a GIF of one picture", file: "a.gif", make: "-f lavfi -i testsrc2=s=64x48 -frames:v 1", says: "this is a picture (GIF), not a video: there is only one in it, unless it lost its end"},
		{name: "a PNG", file: "a.png", make: "-f lavfi -i testsrc2=s=64x48 -frames:v 1", says: "this is a picture (PNG), not a video or audio file"},
		{name: "a JPEG", file: "a.jpg", make: "-f lavfi -i testsrc2=s=64x48 -frames:v 1", says: "this is a picture (JPEG), not a video or audio file"},
		{name: "a WebP that moves", file: "a.webp", make: "-f lavfi -i testsrc2=s=64x48:d=1 -c:v libwebp_anim", says: "this is an animated WebP, which is not taken here"},
		{name: "a GIF on a screen of 4 gigapixels", file: "a.gif", make: "-f lavfi -i testsrc2=s=64x48:d=1", then: onAScreenOf(65535, 65535), says: "the size of the picture cannot be read, or is larger than what is decoded"},
		{name: "a GIF on a screen that is too wide", file: "a.gif", make: "-f lavfi -i testsrc2=s=64x48:d=1", then: onAScreenOf(20000, 2), says: "a picture of 20000×2 pixels cannot be transcoded: up to 16384×16384 can"},
		{name: "a GIF that lost all but its first picture", file: "a.gif", make: "-f lavfi -i testsrc2=s=64x48:d=1", then: cutTo(1200), says: "this is a picture (GIF), not a video: there is only one in it, unless it lost its end"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := makeFilm(t, c.file, c.make)
			if c.then != nil {
				c.then(t, path)
			}
			sent, says := h.offer(path, "")
			if says == "" {
				a := h.over(sent.ID)
				if a.State != metadata.Failed {
					t.Fatalf("it is %s", a.State)
				}
				says = a.Error
			}
			if !strings.Contains(says, c.says) {
				t.Errorf("it says %q, want %q", says, c.says)
			}
		})
	}
}

// onAScreenOf gives a GIF a logical screen of another size (GIF89a, 18).
func onAScreenOf(width, height uint16) func(t *testing.T, path string) {
	return func(t *testing.T, path string) {
		t.Helper()
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		binary.LittleEndian.PutUint16(file[6:], width)
		binary.LittleEndian.PutUint16(file[8:], height)
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestWhatOneCanSeeThroughLiesOnWhite: what is clear is white, and what is half so is
// half as dark.
func TestWhatOneCanSeeThroughLiesOnWhite(t *testing.T) {
	h := newHouse(t, t.TempDir(), oddOptions())
	for name, c := range map[string]struct {
		file, make string
		want       float64
	}{
		"a GIF that is clear":      {"a.gif", "-f lavfi -i color=black@0:s=64x48:r=10:d=1,format=rgba -filter_complex split[a][b];[a]palettegen[p];[b][p]paletteuse", 255},
		"a GIF that is black":      {"a.gif", "-f lavfi -i color=black:s=64x48:r=10:d=1", 0},
		"an APNG that is clear":    {"a.apng", "-f lavfi -i color=black@0:s=64x48:r=10:d=1,format=rgba", 255},
		"an APNG that is half so":  {"a.apng", "-f lavfi -i color=black@0.5:s=64x48:r=10:d=1,format=rgba", 128},
		"an APNG in gray, half so": {"a.apng", "-f lavfi -i color=black@0.5:s=64x48:r=10:d=1,format=rgba,format=ya8", 128},
		"an APNG that is black":    {"a.apng", "-f lavfi -i color=black:s=64x48:r=10:d=1 -pix_fmt rgb24", 0},
	} {
		t.Run(name, func(t *testing.T) {
			a := h.over(h.send(makeFilm(t, c.file, c.make), "").ID)
			if a.State != metadata.Ready {
				t.Fatalf("%s: %s", a.State, a.Error)
			}
			if a.Poster == "" || a.Thumbnails == nil {
				t.Errorf("there is no poster, or there are no thumbnails: %q, %v", a.Poster, a.Thumbnails)
			}
			for _, shows := range []string{h.http.URL + "/play/" + a.ID + "/master.m3u8", h.blob(t, a.Poster)} {
				gray := call(t, "", "ffmpeg", "-v", "error", "-i", shows, "-frames:v", "1", "-vf", "scale=1:1:out_range=pc,format=gray", "-f", "rawvideo", "-")
				if len(gray) != 1 || float64(gray[0]) < c.want-4 || float64(gray[0]) > c.want+4 {
					t.Errorf("%s is %v, want %v", shows, []byte(gray), c.want)
				}
			}
		})
	}
}

// blob copies a blob to a file of its own.
func (h *house) blob(t *testing.T, key string) string {
	t.Helper()
	blob, err := h.files.Open(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	defer blob.Close()
	body, err := io.ReadAll(io.NewSectionReader(blob, 0, blob.Info().Size))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "blob")
	if err := os.WriteFile(path, body, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
