package transcode_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/transcode"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// frame is a picture as it is shown.
type frame struct {
	at   float64 // seconds
	hash string
}

// framesOf decodes a file and tells its pictures; the first shows at 0.
func framesOf(t testing.TB, path string, input ...string) []frame {
	t.Helper()
	args := append([]string{"-v", "error", "-copyts"}, input...)
	args = append(args, "-i", path, "-map", "0:v:0", "-fps_mode", "passthrough", "-pix_fmt", "yuv420p", "-enc_time_base", "1:1000000", "-f", "framemd5", "-")
	var frames []frame
	for line := range strings.Lines(call(t, "", "ffmpeg", args...)) {
		f := strings.Split(strings.TrimSpace(line), ",")
		if strings.HasPrefix(line, "#") || len(f) < 6 {
			continue
		}
		var micro int64
		_, _ = fmt.Sscan(strings.TrimSpace(f[2]), &micro)
		frames = append(frames, frame{float64(micro) / 1e6, strings.TrimSpace(f[5])})
	}
	for i := len(frames) - 1; i >= 0; i-- {
		frames[i].at -= frames[0].at
	}
	return frames
}

// differ says where pictures differ from those that are wanted.
func differ(want, got []frame, slack float64) string {
	for i := range min(len(want), len(got)) {
		switch {
		case want[i].hash != got[i].hash:
			return fmt.Sprintf("picture %d is another; %d are wanted, and there are %d", i, len(want), len(got))
		case math.Abs(want[i].at-got[i].at) > slack:
			return fmt.Sprintf("picture %d shows at %.6f, not at %.6f", i, got[i].at, want[i].at)
		}
	}
	if len(want) != len(got) {
		return fmt.Sprintf("%d pictures are wanted, and there are %d", len(want), len(got))
	}
	return ""
}

// encode encodes the chunks of a plan and joins each rung.
func encode(t testing.TB, p *transcode.Plan, path string, chunks []transcode.Chunk) []string {
	t.Helper()
	out := t.TempDir()
	joiners, files := make([]*transcode.Joiner, len(p.Video)), make([]string, len(p.Video))
	for _, c := range chunks {
		dir := run(t, p.VideoCommand(ffmpeg.Input{Path: path}, c, p.Video))
		for i, o := range p.Video {
			part := partOf(t, filepath.Join(dir, o.File()))
			if joiners[i] == nil {
				files[i] = filepath.Join(out, o.File())
				f, err := os.Create(files[i])
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = f.Close() })
				if joiners[i], err = transcode.NewJoiner(f, &part, nil); err != nil {
					t.Fatal(err)
				}
			}
			if err := joiners[i].Append(t.Context(), part); err != nil {
				t.Fatal(err)
			}
		}
	}
	return files
}

// lossless are rungs of the source's size and half of it, that lose nothing.
func lossless(height, capped int) transcode.Profile {
	return transcode.Profile{Preset: "superfast", Rungs: []transcode.Rung{ // the fastest one with B-frames
		{Height: height, MaxRate: 1e8, MaxFPS: 240}, {Height: height / 2, MaxRate: 1e8, MaxFPS: capped},
	}}
}

// oddFrames are moments of 59.94 frames a second that 29.97 has none at.
var oddFrames = []time.Duration{
	361 * time.Second * 1001 / 60000, 703 * time.Second * 1001 / 60000, 1101 * time.Second * 1001 / 60000, 1449 * time.Second * 1001 / 60000,
}

// TestSeams encodes films in chunks and in one go, without loss, and wants the same
// pictures at the same times, and those of the film itself.
func TestSeams(t *testing.T) {
	lengthy(t)
	const picture = "-f lavfi -i testsrc2=s=96x64:r=%s:d=31,noise=alls=8:allf=t -f lavfi -i sine=d=31 "
	const sound = " -c:a aac -b:a 32k "
	open := " -c:v libx264 -preset veryfast -pix_fmt yuv420p -bf 3 -g 70 -x264-params open-gop=1 "
	cases := []struct {
		name, file, make string
		rate             transcode.Ratio
		constant         bool
		change           func(*transcode.Source)
		late             time.Duration   // its first picture shows by so much later than its packet says
		cuts             []time.Duration // those of a source that plays; nil for a grid
		processed        bool            // a filter changes pictures: they are compared with those made in one go alone
	}{
		{"MP4 with open groups of pictures, and two seams", "film.mp4", strings.ReplaceAll(fmt.Sprintf(picture, "25"), "d=31", "d=49") + open + sound, transcode.Ratio{Num: 25, Den: 1}, true, nil, 0, nil, false},
		{"Matroska of 29.97 frames a second, which counts in milliseconds", "film.mkv", fmt.Sprintf(picture, "30000/1001") + open + sound, transcode.Ratio{Num: 30000, Den: 1001}, true, nil, 0, nil, false},
		{"a transport stream, which begins at some time", "film.ts", fmt.Sprintf(picture, "25") + open + sound + "-muxdelay 3 -output_ts_offset 500", transcode.Ratio{Num: 25, Den: 1}, true, nil, 0, nil, false},
		{"AVI with B-frames", "film.avi", fmt.Sprintf(picture, "25") + "-c:v mpeg4 -q:v 3 -bf 2 -g 60 -c:a mp3 -b:a 64k", transcode.Ratio{Num: 25, Den: 1}, true, nil, 40 * time.Millisecond, nil, false},
		{"a variable rate", "film.mkv", "-f lavfi -i testsrc2=s=96x64:r=50:d=31,select='not(mod(n\\,3))+gt(random(3)\\,0.7)'" + open + "-fps_mode passthrough", transcode.Ratio{Num: 26, Den: 1}, false, nil, 0, nil, false},
		{"60 frames a second", "film.mp4", fmt.Sprintf(picture, "60000/1001") + open + sound, transcode.Ratio{Num: 60000, Den: 1001}, true, nil, 0, nil, false},
		{"60 frames a second, cut where the source is: at frames that small rungs lack", "film.mp4", fmt.Sprintf(picture, "60000/1001") + open + sound, transcode.Ratio{Num: 60000, Den: 1001}, true, nil, 0, oddFrames, false},
		{"MPEG-2 that is interlaced, with key frames where chunks begin", "film.mp4", "-f lavfi -i testsrc2=s=96x64:r=50:d=31,interlace -c:v mpeg2video -q:v 3 -bf 0 -g 50 -flags +ildct+ilme -top 1 ", transcode.Ratio{Num: 25, Den: 1}, true, interlaced, 0, nil, true},
		{"a screen that hardly changes", "film.webm", "-f lavfi -i testsrc2=s=96x64:r=4:d=31 -c:v libvpx -deadline realtime -cpu-used 8 -g 12 -b:v 200k", transcode.Ratio{Num: 4, Den: 1}, true, nil, 0, nil, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			path := makeFilm(t, c.file, c.make)
			keys, end := keyFrames(t, path)
			s := transcode.Source{Format: map[string]string{".ts": "mpegts", ".avi": "avi"}[filepath.Ext(path)], Start: beginOf(t, path), Duration: end, Video: &transcode.Video{
				Codec: "some", PixelFormat: "yuv420p", Width: 96, Height: 64, Rate: c.rate, Constant: c.constant, Start: startOf(t, path),
			}}
			if c.change != nil {
				c.change(&s)
			}
			s.Plays = c.cuts != nil
			p, err := transcode.Ladder(s, lossless(64, 30))
			if err != nil {
				t.Fatal(err)
			}
			cuts := p.Cuts(end)
			if c.cuts != nil {
				cuts = c.cuts
			}
			chunks := p.Chunks(cuts, keys, end, 2)
			if len(chunks) < 2 {
				t.Fatalf("%d chunks of %v, with key frames %v", len(chunks), end, keys)
			}
			parts := encode(t, &p, path, chunks)
			whole := encode(t, &p, path, p.Chunks(cuts, nil, end, 2))
			for i, o := range p.Video {
				if diff := differ(framesOf(t, whole[i]), framesOf(t, parts[i]), 0); diff != "" {
					t.Errorf("%s in chunks, beside in one go: %s", o.Name, diff)
				}
			}
			if diff := differ(framesOf(t, path), framesOf(t, parts[len(parts)-1]), 2.0/float64(p.Timescale)); diff != "" && !c.processed {
				t.Errorf("in chunks, beside the film: %s", diff)
			}
			for i, o := range p.Video {
				if wrong := order(t, parts[i], 6/min(c.rate.Float(), 25)); wrong != "" {
					t.Errorf("%s: %s", o.Name, wrong)
				}
				if diff := cmp.Diff(cuts, keysOf(t, parts[i], s.Video.Start+c.late), cmp.Comparer(near)); diff != "" {
					t.Errorf("key frames of %s (-where segments begin +got):\n%s", o.Name, diff)
				}
			}
		})
	}
}

// order says what is wrong with the times at which pictures are decoded: each has to be
// after the one before, none after the picture shows nor much before, and that of a key
// frame right before that.
func order(t testing.TB, path string, early float64) string {
	t.Helper()
	before := -1.0
	text := call(t, "", "ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "packet=pts_time,dts_time,flags", "-of", "csv=p=0", path)
	for line := range strings.Lines(text) {
		f := strings.Split(strings.TrimSpace(line), ",")
		shown, decoded := second(f[0]).Seconds(), second(f[1]).Seconds()
		switch {
		case decoded <= before || decoded > shown:
			return fmt.Sprintf("a picture that shows at %v is decoded at %v, after one at %v", shown, decoded, before)
		case shown-decoded > early:
			return fmt.Sprintf("a picture that shows at %v is decoded at %v", shown, decoded)
		case strings.HasPrefix(f[2], "K") && shown-decoded > 0.002:
			return fmt.Sprintf("a key frame that shows at %v is decoded at %v", shown, decoded)
		}
		before = decoded
	}
	return ""
}

// startOf is when the first picture of a file shows.
func startOf(t testing.TB, path string) time.Duration {
	t.Helper()
	var video string
	_, _ = fmt.Sscan(strings.ReplaceAll(call(t, "", "ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "stream=start_time", "-of", "csv=p=0", path), "N/A", "0"), &video)
	return second(strings.Trim(video, ",")) - beginOf(t, path)
}

// keysOf are the key frames of a joined file after the first, which shows at start.
func keysOf(t testing.TB, path string, start time.Duration) []time.Duration {
	keys, _ := keyFrames(t, path)
	for i := range keys {
		keys[i] += start
	}
	return keys[1:]
}

// near says whether two moments are less than half a frame apart.
func near(a, b time.Duration) bool { return (a - b).Abs() < 8*time.Millisecond }

// beginOf is the earliest timestamp of a file.
func beginOf(t testing.TB, path string) time.Duration {
	return second(strings.TrimSpace(call(t, "", "ffprobe", "-v", "error", "-show_entries", "format=start_time", "-of", "csv=p=0", path)))
}
