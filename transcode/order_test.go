package transcode_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/streamgate/streamgate/transcode"
)

// inOrder has the pictures of a file put in order, in a file of their own.
func inOrder(t *testing.T, path string) (string, error) {
	t.Helper()
	s := transcode.Source{Format: "avi", Video: &transcode.Video{}}
	raw := filepath.Join(run(t, transcode.OrderCommand(input(t, path), &s)), transcode.OrderFile)
	name := filepath.Join(t.TempDir(), "ordered.mp4")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	return name, transcode.Order(t.Context(), partOf(t, raw), f)
}

// TestPicturesOfAVIShowWhenTheyDo copies films from MP4 into AVI, which forgets when
// their pictures show, and has that found out.
func TestPicturesOfAVIShowWhenTheyDo(t *testing.T) {
	lengthy(t)
	const x264 = "-c:v libx264 -preset veryfast -pix_fmt yuv420p "
	cases := []struct {
		name, rate, make string
		unsure           string // why it cannot be told; "" where it can
	}{
		{"two B-frames", "25", x264 + "-bf 2 -g 50", ""},
		{"a pyramid of B-frames, at 29.97", "30000/1001", x264 + "-bf 3 -g 48 -b_strategy 0 -x264-params b-pyramid=strict", ""},
		{"open groups", "25", x264 + "-bf 3 -g 40 -x264-params open-gop=1:b-pyramid=normal", ""},
		{"one key frame", "25", x264 + "-bf 3 -g 9999 -x264-params scenecut=0", ""},
		{"sixteen B-frames", "24", x264 + "-bf 16 -b_strategy 0 -g 100 -x264-params b-pyramid=normal:ref=16", ""},
		{"no B-frames", "25", x264 + "-bf 0 -g 50", ""},
		{"key frames alone", "25", x264 + "-g 1", ""},
		{"slices", "25", x264 + "-bf 2 -g 50 -x264-params slices=4", ""},
		{"frames that could be fields, and are not", "25", x264 + "-bf 2 -g 50 -x264-params fake-interlaced=1", ""},
		{"interlaced", "25", x264 + "-bf 2 -g 50 -flags +ildct+ilme", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			mp4 := makeFilm(t, "film.mp4", fmt.Sprintf("-f lavfi -i testsrc2=s=160x96:r=%s:d=9 %s", c.rate, c.make))
			avi := makeFilm(t, "film.avi", "-i "+mp4+" -c copy")
			out, err := inOrder(t, avi)
			if c.unsure != "" {
				if !errors.Is(err, transcode.ErrSource) || !strings.Contains(err.Error(), c.unsure) {
					t.Fatalf("got %v, want that %s", err, c.unsure)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			want := framesOf(t, mp4)
			if diff := differ(want, framesOf(t, out), 0.0005); diff != "" || len(want) < 200 {
				t.Errorf("of %d pictures: %s", len(want), diff)
			}
			if diff := differ(want, framesOf(t, avi), 0.5); diff != "" {
				t.Errorf("as ffmpeg guesses: %s", diff)
			}
			_ = time.Second
		})
	}
}
