package media_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/streamgate/streamgate/internal/playcheck"
	"github.com/streamgate/streamgate/media"
)

// film runs ffmpeg with a line of arguments, of which the last is the file.
func film(t *testing.T, dir, line string) string {
	t.Helper()
	args := append([]string{"-v", "error", "-nostdin", "-y"}, strings.Fields(line)...)
	c := exec.CommandContext(t.Context(), "ffmpeg", args...)
	c.Dir = dir
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg %s: %v\n%s", line, err, out)
	}
	return filepath.Join(dir, args[len(args)-1])
}

func indexOf(ctx context.Context, t *testing.T, path string, of *media.Index) (*media.Index, error) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	return media.Parse(ctx, f, info.Size(), &media.Options{RenditionOf: of})
}

func seconds(t *media.Track, ticks int64) float64 { return float64(ticks) / float64(t.Timescale) }

const (
	moving = "-f lavfi -i testsrc2=s=320x180:r=30000/1001:d=20"
	tone   = "-f lavfi -i sine=f=300:d=20"
	avc    = " -c:v libx264 -preset ultrafast -pix_fmt yuv420p "
)

func TestRenditionsAreCutWhereTheirSourceIs(t *testing.T) {
	playcheck.Require(t)
	dir := t.TempDir()
	// Key frames as they come, at no even distance; B-frames or none.
	film(t, dir, moving+" "+tone+avc+"-force_key_frames 0,3.1,7.7,8.2,13.9,16 -g 900 -c:a aac source.mp4")
	film(t, dir, "-i source.mp4 -itsoffset 0.6 -i source.mp4 -map 0:a -map 1:v -c copy late.mp4")
	film(t, dir, moving+avc+"-bf 0 -force_key_frames 0,3.1,7.7,8.2,13.9,16 -g 900 plain.mp4")
	for _, c := range []struct{ name, source, line string }{
		{"with other sound", "source.mp4", "-i source.mp4 -s 160x90" + avc + "-force_key_frames source -c:a aac r.mp4"},
		{"without its sound", "source.mp4", "-i source.mp4 -s 160x90 -an" + avc + "-force_key_frames source r.mp4"},
		{"with other key frames besides", "source.mp4", "-i source.mp4 -s 160x90 -an" + avc + "-g 20 -force_key_frames source r.mp4"},
		{"of a picture that is later than its sound", "late.mp4", "-i late.mp4 -s 160x90 -an" + avc + "-force_key_frames source -fps_mode passthrough r.mp4"},
		{"of a picture that is later than its sound, which the encoder repeats", "late.mp4", "-i late.mp4 -s 160x90 -an" + avc + "-force_key_frames source -fps_mode cfr r.mp4"},
		{"in Matroska, which counts milliseconds", "source.mp4", "-i source.mp4 -s 160x90 -an" + avc + "-force_key_frames source r.mkv"},
		{"in fragments", "source.mp4", "-i source.mp4 -s 160x90 -an" + avc + "-force_key_frames source -movflags frag_keyframe+empty_moov r.mp4"},
		{"at another clock", "source.mp4", "-i source.mp4 -s 160x90 -an" + avc + "-force_key_frames source -video_track_timescale 90000 r.mp4"},
		{"reordered more than the source", "plain.mp4", "-i plain.mp4 -s 160x90" + avc + "-bf 4 -b_strategy 0 -force_key_frames source r.mp4"},
		{"of half the frames", "source.mp4", "-i source.mp4 -s 160x90 -an" + avc + "-g 900 -force_key_frames source -r 60000/1001 r.mp4"},
		{"as HEVC", "source.mp4", "-i source.mp4 -s 160x90 -an -c:v libx265 -preset ultrafast -tag:v hvc1 -x265-params log-level=error:open-gop=0 -force_key_frames source r.mp4"},
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
			if len(got.Tracks) != 1 || got.Tracks[0].Kind != media.Video {
				t.Fatalf("%d tracks, want the video alone", len(got.Tracks))
			}
			checkInStep(t, source.Tracks[0], got.Tracks[0])
			checkTimes(t, got)
		})
	}
}

// checkInStep holds the segments of two tracks against each other.
func checkInStep(t *testing.T, want, got *media.Track) {
	t.Helper()
	if !got.Independent || len(got.Segments) != len(want.Segments) || len(want.Segments) < 2 {
		t.Fatalf("%d segments, want %d; independent: %v", len(got.Segments), len(want.Segments), got.Independent)
	}
	tolerance := max(0.001, 1/float64(got.Timescale), 1/float64(want.Timescale)) + 1e-9
	same := func(what string, a, b float64) {
		if d := a - b; max(d, -d) > tolerance {
			t.Errorf("%s: %f, want %f", what, b, a)
		}
	}
	same("origin", seconds(want, int64(want.Origin)), seconds(got, int64(got.Origin)))
	for i := range want.Segments {
		a, b := &want.Segments[i], &got.Segments[i]
		same(fmt.Sprintf("segment %d begins", i), seconds(want, a.Start), seconds(got, b.Start))
		same(fmt.Sprintf("segment %d ends", i), seconds(want, a.Start+int64(a.Duration)), seconds(got, b.Start+int64(b.Duration)))
	}
}

// checkTimes holds what the segments of a track say against their samples.
func checkTimes(t *testing.T, ix *media.Index) {
	t.Helper()
	track := ix.Tracks[0]
	negative := false
	next := uint64(0)
	for n := range track.Segments {
		samples, err := ix.Samples(nil, nil, 0, n)
		if err != nil {
			t.Fatal(err)
		}
		decode, first := track.Segments[n].Decode, int64(1<<62)
		if n > 0 && decode != next {
			t.Errorf("segment %d is decoded at %d, the one before ends at %d", n, decode, next)
		}
		for _, s := range samples {
			first = min(first, int64(decode)+int64(s.Shift)-int64(track.Origin))
			negative = negative || s.Shift < 0
			decode += uint64(s.Duration)
		}
		if next = decode; first != track.Segments[n].Start {
			t.Errorf("segment %d shows from %d, its head says %d", n, first, track.Segments[n].Start)
		}
	}
	if negative != track.Layout.Negative {
		t.Errorf("there are negative offsets: %v, the layout says %v", negative, track.Layout.Negative)
	}
}

func TestFilesThatAreNoRenditionsAreRefused(t *testing.T) {
	playcheck.Require(t)
	dir := t.TempDir()
	film(t, dir, moving+" "+tone+avc+"-g 60 -c:a aac source.mp4")
	source, err := indexOf(t.Context(), t, filepath.Join(dir, "source.mp4"), nil)
	if err != nil {
		t.Fatal(err)
	}
	sound, err := indexOf(t.Context(), t, film(t, dir, "-i source.mp4 -vn -c copy sound.mp4"), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, line string
		of         *media.Index
		want       string
	}{
		{"of something without video", "-i source.mp4 -c copy r.mp4", sound, "the source has no video"},
		{"without video", "-i source.mp4 -vn -c copy r.mp4", source, "the file has no video"},
		{"with its key frames elsewhere", "-i source.mp4 -s 160x90" + avc + "-g 50 -sc_threshold 0 r.mp4", source, "it has no key frame at 6.006 s, where segment 1 of the source begins"},
		{"with too few key frames", "-i source.mp4 -s 160x90" + avc + "-g 9000 -sc_threshold 0 r.mp4", source, "it has no key frame at 6.006 s"},
		{"too short", "-i source.mp4 -t 15 -s 160x90" + avc + "-force_key_frames source r.mp4", source, "its video lasts 15.0"},
		{"of another shape", "-i source.mp4 -vf scale=160:120,setsar=1" + avc + "-force_key_frames source r.mp4", source, "160×120 has another shape than that of the source, which is 320×180"},
		{"with pictures that depend on those before", "-i source.mp4 -s 160x90 -an -c:v libx264 -preset medium -bf 3 -x264-params open-gop=1:keyint=60:min-keyint=60:scenecut=0 r.mp4", source, "open GOP"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := indexOf(t.Context(), t, film(t, dir, c.line), c.of)
			if !errors.Is(err, media.ErrRendition) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}
