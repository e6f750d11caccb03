package transcode_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/streamgate/streamgate/transcode"
)

// inOrder has the pictures of a file put in order, in a file of their own.
func inOrder(t *testing.T, path string) (string, error) {
	t.Helper()
	s := transcode.Source{Format: "avi", Video: &transcode.Video{}}
	copied := filepath.Join(run(t, transcode.OrderCommand(input(t, path), &s)), transcode.OrderFile)
	name := filepath.Join(t.TempDir(), "ordered.mp4")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	return name, transcode.Order(t.Context(), partOf(t, copied), f)
}

const inH264 = "-c:v libx264 -preset veryfast -pix_fmt yuv420p "

// TestPicturesOfAVIShowWhenTheyDo copies films from MP4 into AVI, which forgets when
// their pictures show, and has that found out.
func TestPicturesOfAVIShowWhenTheyDo(t *testing.T) {
	lengthy(t)
	cases := []struct {
		name, rate, make string
	}{
		{"two B-frames", "25", "-bf 2 -g 50"},
		{"a pyramid of B-frames, at 29.97", "30000/1001", "-bf 3 -g 48 -b_strategy 0 -x264-params b-pyramid=strict"},
		{"open groups", "25", "-bf 3 -g 40 -x264-params open-gop=1:b-pyramid=normal"},
		{"one key frame", "25", "-bf 3 -g 9999 -x264-params scenecut=0"},
		{"sixteen B-frames", "24", "-bf 16 -b_strategy 0 -g 100 -x264-params b-pyramid=normal:ref=16"},
		{"no B-frames", "25", "-bf 0 -g 50"},
		{"key frames alone", "25", "-g 1"},
		{"slices", "25", "-bf 2 -g 50 -x264-params slices=4"},
		{"parameter sets before each key frame", "25", "-bf 2 -g 25 -x264-params repeat-headers=1"},
		{"frames that could be fields, and are not", "25", "-bf 2 -g 50 -x264-params fake-interlaced=1"},
		{"macroblocks in fields", "25", "-bf 2 -g 50 -flags +ildct+ilme"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			mp4 := makeFilm(t, "film.mp4", fmt.Sprintf("-f lavfi -i testsrc2=s=160x96:r=%s:d=9 %s", c.rate, inH264+c.make))
			avi := makeFilm(t, "film.avi", "-i "+mp4+" -c copy")
			out, err := inOrder(t, avi)
			if err != nil {
				t.Fatal(err)
			}
			want := framesOf(t, mp4)
			if diff := differ(want, framesOf(t, out), 0.0005); diff != "" || len(want) < 200 {
				t.Errorf("of %d pictures: %s", len(want), diff)
			}
			if at := startOf(t, out); at != 0 {
				t.Errorf("the first shows at %v", at)
			}
			if keys, want := keysOf(t, out, 0), keysOf(t, mp4, 0); !slices.EqualFunc(keys, want, near) {
				t.Errorf("key frames are at %v, want %v", keys, want)
			}
		})
	}
}

// TestAPictureThatSetsInLateDoesSo has the header of a film say that it begins after
// fifty pictures.
func TestAPictureThatSetsInLateDoesSo(t *testing.T) {
	lengthy(t)
	path := makeFilm(t, "film.avi", "-f lavfi -i testsrc2=s=160x96:r=25:d=3 -f lavfi -i sine=d=5 "+inH264+"-bf 2 -c:a mp3")
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(file, []byte("strh\x38\x00\x00\x00vids"))
	if at < 0 {
		t.Fatal("the film has no picture")
	}
	file[at+36] = 50 // dwStart of AVISTREAMHEADER
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := inOrder(t, path)
	if err != nil {
		t.Fatal(err)
	}
	if first := strings.Fields(call(t, "", "ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "packet=pts_time", "-of", "csv=p=0", out))[0]; strings.Trim(first, ",") != "2.000000" {
		t.Errorf("it shows from %s s on, want 2", first)
	}
}

// TestAHoleAfterTheFirstPictureIsNone copies a film with an empty chunk there, as older
// releases of ffmpeg made them.
func TestAHoleAfterTheFirstPictureIsNone(t *testing.T) {
	lengthy(t)
	mp4 := makeFilm(t, "film.mp4", "-f lavfi -i testsrc2=s=160x96:r=25:d=4 "+inH264+"-bf 2 -b_strategy 0")
	out, err := inOrder(t, makeFilm(t, "film.avi", "-i "+mp4+" -c copy -bsf:v setts=pts=PTS+0.4/TB:dts=DTS+0.04/TB*gt(N\\,0)"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := differ(framesOf(t, mp4), framesOf(t, out), 0.0005); diff != "" {
		t.Error(diff)
	}
}

// accessUnits are the pictures of a raw stream, each from what comes before it on.
func accessUnits(stream []byte) (list [][]byte) {
	begin, seen := 0, false
	for at := 0; at+5 < len(stream); at++ {
		if !bytes.Equal(stream[at:at+3], []byte{0, 0, 1}) {
			continue
		}
		kind, first := stream[at+3]&31, stream[at+4]&0x80 != 0 // first_mb_in_slice is 0
		slice := kind == 1 || kind == 5
		if seen && (!slice || first) {
			list = append(list, stream[begin:at])
			begin, seen = at, false
		}
		seen = seen || slice
	}
	return append(list, stream[begin:])
}

// TestWhatIsNotCertainIsSaid damages films: nothing is guessed of them.
func TestWhatIsNotCertainIsSaid(t *testing.T) {
	lengthy(t)
	film := func(options string) [][]byte {
		raw := makeFilm(t, "film.h264", "-f lavfi -i testsrc2=s=160x96:r=25:d=4 "+inH264+"-bf 2 -b_strategy 0 -g 50 "+options)
		stream, err := os.ReadFile(raw)
		if err != nil {
			t.Fatal(err)
		}
		return accessUnits(stream)
	}
	whole := film("-x264-params b-pyramid=none")
	if len(whole) != 100 {
		t.Fatalf("there are %d pictures", len(whole))
	}
	other := film("-qp 40 -x264-params b-pyramid=none")
	broken := slices.Clone(whole[20])
	broken[len(broken)-1] = 0
	broken[bytes.Index(broken, []byte{0, 0, 1})+4] = 0x01 // first_mb_in_slice
	cases := []struct {
		name string
		film [][]byte
		says string // "" where all is certain
	}{
		{"all is there", whole, ""},
		{"two of one encoding, one after the other", slices.Concat(whole, whole), ""},
		{"it ends early", whole[:60], ""},
		{"it ends before a picture that shows earlier", whole[:62], ""},
		{"a B-frame is missing", slices.Delete(slices.Clone(whole), 21, 22), "a picture is missing"},
		{"a P-frame is missing", slices.Delete(slices.Clone(whole), 22, 23), "a picture is missing"},
		{"one is there twice", slices.Insert(slices.Clone(whole), 21, whole[21]), "unusual way"},
		{"it goes on in another way", slices.Concat(whole, other), "coded in another way further on"},
		{"a picture is damaged", slices.Concat(whole[:20], [][]byte{broken}, whole[21:]), "picture"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			raw := filepath.Join(t.TempDir(), "film.h264")
			if err := os.WriteFile(raw, slices.Concat(c.film...), 0o600); err != nil {
				t.Fatal(err)
			}
			out, err := inOrder(t, makeFilm(t, "film.avi", "-r 25 -f h264 -i "+raw+" -c copy"))
			if err == nil {
				if n := len(framesOf(t, out)); n != len(c.film) {
					t.Errorf("%d pictures of %d show", n, len(c.film))
				}
			}
			switch {
			case c.says == "" && err != nil:
				t.Error(err)
			case c.says != "" && (!errors.Is(err, transcode.ErrSource) || !strings.Contains(err.Error(), c.says)):
				t.Errorf("got %v, want that %s", err, c.says)
			}
		})
	}
}

// TestPicturesAtNoRateAreNotPutInOrder leaves out one that AVI says is missing.
func TestPicturesAtNoRateAreNotPutInOrder(t *testing.T) {
	lengthy(t)
	mp4 := makeFilm(t, "film.mp4", "-f lavfi -i testsrc2=s=160x96:r=25:d=3,select='lt(n\\,30)+gt(n\\,40)' -fps_mode vfr "+inH264+"-bf 2")
	if _, err := inOrder(t, makeFilm(t, "film.avi", "-i "+mp4+" -c copy")); !errors.Is(err, transcode.ErrSource) || !strings.Contains(err.Error(), "at one rate") {
		t.Errorf("got %v", err)
	}
}
