package transcode_test

import (
	"os"
	"strings"
	"testing"

	"github.com/streamgate/streamgate/metadata"
)

// TestDamagedFilesSayWhatIsWrong sends files of each container of which a part is missing,
// or is something else, and wants those that do not play to say so in words that help.
func TestDamagedFilesSayWhatIsWrong(t *testing.T) {
	lengthy(t)
	h := newHouse(t, t.TempDir(), oddOptions())
	const film = "-f lavfi -i testsrc2=s=320x180:r=25:d=2 -f lavfi -i sine=r=48000:d=2 "
	for _, c := range []struct {
		name, file, make string
		then             func(t *testing.T, path string)
		says             string // "" where what is left plays
	}{
		{"a WebM that lost its end", "a.webm", film + "-c:v libvpx -deadline realtime -cpu-used 8 -c:a libvorbis", cutTo(40_000), "the file is truncated: 40000 bytes of it are there, and it says that it has more"},
		{"a Matroska file that lost its end", "a.mkv", film + "-c:v mpeg4 -c:a ac3", cutTo(40_000), "the file is truncated: 40000 bytes of it are there, and it says that it has more"},
		{"a recording whose end nobody wrote", "a.mkv", film + "-c:v mpeg4 -c:a ac3 -live 1", cutTo(40_000), ""},
		{"an MP4 without its index", "a.mp4", film + "-c:v mpeg4 -c:a aac", cutTo(40_000), "there is no moov box: the file is truncated, or not an MP4"},
		{"an MP4 with a part of its index", "a.mp4", film + "-c:v mpeg4 -c:a aac -movflags +faststart", cutTo(600), "are there: the file is truncated or damaged"},
		{"an AVI with nothing but its beginning", "a.avi", film + "-c:v mpeg4 -c:a mp3", cutTo(4100), "the file cannot be read: it is damaged, or cut off near its beginning"},
		{"an AVI of garbage", "a.avi", film + "-c:v mpeg4 -c:a mp3", garbageFrom(6000), "no picture in it can be decoded, though ffmpeg knows how they are coded (mpeg4): the file is damaged"},
		{"an AVI that lost its end", "a.avi", film + "-c:v mpeg4 -c:a mp3", cutTo(60_000), ""},
		{"an FLV of garbage", "a.flv", film + "-c:v flv1 -ar 44100 -c:a mp3", garbageFrom(2000), "the size of the picture cannot be read"},
		{"an Ogg file with nothing but its beginning", "a.ogv", film + "-c:v libtheora -c:a libvorbis", cutTo(600), "the file cannot be read: it is damaged, or cut off near its beginning"},
		{"an MXF with nothing but its beginning", "a.mxf", film + "-c:v mpeg2video -c:a pcm_s16le", cutTo(4100), "the file cannot be read: it is damaged, or cut off near its beginning"},
		{"a WMV with nothing but its beginning", "a.wmv", film + "-c:v wmv2 -c:a wmav2", cutTo(600), "the file cannot be read: it is damaged, or cut off near its beginning"},
		{"a WMV of garbage", "a.wmv", film + "-c:v wmv2 -c:a wmav2", garbageFrom(2000), "nothing in the file can be decoded: it is damaged"},
		{"a FLAC of garbage", "a.flac", "-f lavfi -i sine=r=48000:d=6", garbageFrom(2000), "nothing in the file can be decoded: it is damaged"},
		{"a GIF that lost its end", "a.gif", film, cutTo(200_000), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := makeFilm(t, c.file, c.make)
			c.then(t, path)
			a := h.over(h.send(path, "").ID)
			want := metadata.Ready
			if c.says != "" {
				want = metadata.Failed
			}
			if a.State != want || !strings.Contains(a.Error, c.says) {
				t.Errorf("it is %s: %q, want %q", a.State, a.Error, c.says)
			}
		})
	}
}

// garbageFrom puts something else into a file, from a byte on.
func garbageFrom(at int) func(t *testing.T, path string) {
	return func(t *testing.T, path string) {
		t.Helper()
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for i := at; i < len(file); i++ {
			file[i] = byte(i * i >> 3)
		}
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
