package media_test

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/streamgate/streamgate/internal/playcheck"
	"github.com/streamgate/streamgate/media"
)

// asTwo has ffmpeg give the only track of a file the number 2.
const asTwo = " -use_stream_ids_as_track_ids 1 -streamid 0:2 "

func TestSoundInAnotherCodingIsThatOfItsSource(t *testing.T) {
	playcheck.Require(t)
	dir := t.TempDir()
	film(t, dir, moving+" "+tone+avc+"-force_key_frames 0,3.1,7.7,8.2,13.9,16 -g 900 -c:a ac3 -metadata:s:a:0 language=fra -metadata:s:a:0 title=Salle source.mp4")
	film(t, dir, "-i source.mp4 -itsoffset 0.6 -i source.mp4 -map 1:v -map 0:a -c copy late.mp4")
	film(t, dir, tone+" -c:a alac sound.m4a")
	for _, c := range []struct {
		name, source, line string
		begins             float64 // seconds into the presentation
	}{
		{"AAC of AC-3", "source.mp4", "-i source.mp4 -vn -c:a aac" + asTwo + "r.mp4", 0},
		{"AAC of AC-3, in fragments", "source.mp4", "-i source.mp4 -vn -c:a aac" + asTwo + "-movflags frag_keyframe+empty_moov+delay_moov r.mp4", 0},
		{"AAC of 44.1 kHz", "source.mp4", "-i source.mp4 -vn -c:a aac -ar 44100" + asTwo + "r.mp4", 0},
		{"AAC that sets in later", "source.mp4", "-ss 0.3 -i source.mp4 -vn -c:a aac -output_ts_offset 0.3" + asTwo + "r.mp4", 0.3},
		{"AAC beside a picture that sets in later", "late.mp4", "-i late.mp4 -vn -c:a aac" + asTwo + "r.mp4", 0},
		{"AAC of sound alone", "sound.m4a", "-i sound.m4a -c:a aac r.mp4", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			source, err := indexOf(t.Context(), t, filepath.Join(dir, c.source), nil)
			if err != nil {
				t.Fatal(err)
			}
			path := film(t, dir, c.line)
			got, err := indexOf(t.Context(), t, path, source)
			if err != nil {
				t.Fatal(err)
			}
			want := source.Tracks[len(source.Tracks)-1]
			sound := got.Tracks[0]
			if len(got.Tracks) != 1 || sound.Codec != "mp4a.40.2" || sound.ID != want.ID || sound.Language != want.Language || sound.Name != want.Name || sound.Default {
				t.Errorf("%d tracks, the first %s %d %q %q, default: %v", len(got.Tracks), sound.Codec, sound.ID, sound.Language, sound.Name, sound.Default)
			}
			const tick, packet = 0.001, 0.033
			for _, x := range []struct {
				what      string
				want, got float64
				near      float64
			}{
				{"the origin", seconds(want, int64(want.Origin)), seconds(sound, int64(sound.Origin)), tick},
				{"the beginning", c.begins, seconds(sound, sound.Segments[0].Start), packet},
				{"the end", seconds(want, int64(want.Duration)), seconds(sound, int64(sound.Duration)), 3 * packet},
				{"how many segments", float64(len(want.Segments)), float64(len(sound.Segments)), 0},
			} {
				if math.Abs(x.want-x.got) > x.near {
					t.Errorf("%s: %.3f, want %.3f", x.what, x.got, x.want)
				}
			}
			for i := 1; i < min(len(want.Segments), len(sound.Segments)); i++ {
				if a, b := seconds(want, want.Segments[i].Start), seconds(sound, sound.Segments[i].Start); math.Abs(a-b) > packet {
					t.Errorf("segment %d begins at %.3f, that of the source at %.3f", i, b, a)
				}
			}
			settles(t, path, got, source)
		})
	}
}

// settles rewrites a rendition, and compares.
func settles(t *testing.T, path string, ix, of *media.Index) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var settled bytes.Buffer
	if _, err := media.Rewrite(t.Context(), &settled, bytes.NewReader(b), ix); err != nil {
		t.Fatal(err)
	}
	again, err := media.Parse(t.Context(), bytes.NewReader(settled.Bytes()), int64(settled.Len()), &media.Options{RenditionOf: of})
	if err == nil {
		err = media.Compare(t.Context(), media.Presented{Index: ix, Source: bytes.NewReader(b)}, media.Presented{Index: again, Source: bytes.NewReader(settled.Bytes())})
	}
	if err != nil || again.Revision("x") != ix.Revision("x") {
		t.Errorf("settled it is another: %v", err)
	}
}

// TestSegmentsOfSoundKeepToTheTargetDuration has sound whose packets do not fit the
// segments of the source: some would round to a second more.
func TestSegmentsOfSoundKeepToTheTargetDuration(t *testing.T) {
	playcheck.Require(t)
	dir := t.TempDir()
	film(t, dir, "-f lavfi -i testsrc2=s=64x36:r=25:d=110 -f lavfi -i sine=f=300:d=110"+avc+"-g 162 -keyint_min 162 -sc_threshold 0 -c:a libopus source.mp4")
	source, err := indexOf(t.Context(), t, filepath.Join(dir, "source.mp4"), nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := indexOf(t.Context(), t, film(t, dir, "-i source.mp4 -vn -c:a aac -ar 44100"+asTwo+"r.mp4"), source)
	if err != nil {
		t.Fatal(err)
	}
	longest := func(ix *media.Index) (most float64) {
		for _, track := range ix.Tracks {
			for _, s := range track.Segments {
				most = max(most, math.Round(seconds(track, int64(s.Duration))))
			}
		}
		return most
	}
	if a, b := longest(source), longest(got); a != 6 || b != 6 {
		t.Errorf("segments of up to %v seconds, those of the source up to %v", b, a)
	}
}

func TestSoundThatIsNotThatOfTheSourceIsRefused(t *testing.T) {
	playcheck.Require(t)
	dir := t.TempDir()
	film(t, dir, moving+" "+tone+avc+"-g 60 -c:a ac3 source.mp4")
	source, err := indexOf(t.Context(), t, filepath.Join(dir, "source.mp4"), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, line, want string }{
		{"with a number that the source has not", "-i source.mp4 -vn -c:a aac -use_stream_ids_as_track_ids 1 -streamid 0:7 r.mp4", "no sound with the number 7"},
		{"with the number of the picture", "-i source.mp4 -vn -c:a aac r.mp4", "no sound with the number 1"},
		{"too short", "-i source.mp4 -t 15 -vn -c:a aac" + asTwo + "r.mp4", "ends at 15.0"},
		{"too long", "-i source.mp4 -af apad=pad_dur=3 -vn -c:a aac" + asTwo + "r.mp4", "that of the source at 20.0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := indexOf(t.Context(), t, film(t, dir, c.line), source); !errors.Is(err, media.ErrRendition) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}
