package transcode_test

import (
	"fmt"
	"image/jpeg"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/transcode"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// small is a profile whose encodings take no time.
func small(heights ...int) transcode.Profile {
	p := transcode.Profile{Preset: "ultrafast"}
	for _, h := range heights {
		p.Rungs = append(p.Rungs, transcode.Rung{Height: h, CRF: 28, MaxRate: 1e6})
	}
	return p
}

func ladder(t testing.TB, s transcode.Source, p transcode.Profile) transcode.Plan {
	t.Helper()
	plan, err := transcode.Ladder(s, p)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// shown is what ffprobe says of the picture of a file.
func shown(t testing.TB, path, entries string) string {
	t.Helper()
	return strings.TrimSpace(call(t, "", "ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "stream="+entries, "-of", "csv=p=0", path))
}

func indexOf(t testing.TB, path string, o *media.Options) *media.Index {
	t.Helper()
	p := partOf(t, path)
	ix, err := media.Parse(t.Context(), p, p.Size, o)
	if err != nil {
		t.Fatal(err)
	}
	return ix
}

// TestShapes encodes a picture of each shape: what comes out is upright and has square
// pixels, and its upper left is that of the film as it is displayed.
func TestShapes(t *testing.T) {
	lengthy(t)
	const film = "-f lavfi -i color=red:s=%dx%d:r=10:d=1,drawbox=w=iw/2:h=ih/2:color=blue:t=fill -c:v libx264 -pix_fmt yuv420p "
	cases := []struct {
		name   string
		make   string
		video  transcode.Video
		want   string // width, height and aspect of a pixel
		corner bool   // the blue corner is in the upper left
	}{
		{"square pixels", fmt.Sprintf(film, 160, 90), transcode.Video{Width: 160, Height: 90}, "160,90,1:1", true},
		{"pixels of 16:11", fmt.Sprintf(film+"-vf setsar=16/11", 72, 58), transcode.Video{Width: 72, Height: 58, Aspect: transcode.Ratio{Num: 16, Den: 11}}, "104,58,1:1", true},
		{"turned by a quarter", fmt.Sprintf(film, 160, 90), transcode.Video{Width: 160, Height: 90, Rotation: 90}, "90,160,1:1", false},
		{"turned upside down", fmt.Sprintf(film, 160, 90), transcode.Video{Width: 160, Height: 90, Rotation: 180}, "160,90,1:1", false},
		{"odd sizes", strings.Replace(fmt.Sprintf(film, 161, 91), "yuv420p", "yuv444p", 1), transcode.Video{Width: 161, Height: 91}, "160,90,1:1", true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			path := makeFilm(t, "film.mp4", c.make)
			if c.video.Rotation != 0 {
				path = makeFilm(t, "turned.mp4", fmt.Sprintf("-i %s -c copy -metadata:s:v rotate=%d", path, c.video.Rotation))
			}
			c.video.Codec, c.video.PixelFormat, c.video.Constant, c.video.Rate = "h264", "yuv444p", true, transcode.Ratio{Num: 10, Den: 1}
			p := ladder(t, transcode.Source{Video: &c.video}, small(1080))
			dir := run(t, p.VideoCommand(ffmpeg.Input{Path: path}, transcode.Chunk{}, p.Video))
			out := filepath.Join(dir, p.Video[0].File())
			if diff := cmp.Diff(c.want, shown(t, out, "width,height,sample_aspect_ratio")); diff != "" {
				t.Errorf("the picture (-want +got):\n%s", diff)
			}
			pixel := call(t, "", "ffmpeg", "-v", "error", "-i", out, "-frames:v", "1", "-vf", "crop=8:8:4:4,scale=1:1,format=rgb24", "-f", "rawvideo", "-")
			if blue := pixel[2] > pixel[0]; blue != c.corner {
				t.Errorf("the upper left is %v", []byte(pixel))
			}
		})
	}
}

func TestHighDynamicRangeBecomesStandard(t *testing.T) {
	lengthy(t)
	for r, transfer := range map[transcode.Range]string{transcode.PQ: "smpte2084", transcode.HLG: "arib-std-b67"} {
		t.Run(string(r), func(t *testing.T) {
			path := makeFilm(t, "film.mp4", "-f lavfi -i testsrc2=s=160x90:r=10:d=1,format=yuv420p10le -c:v libx265 -x265-params log-level=error:colorprim=bt2020:colormatrix=bt2020nc:transfer="+transfer)
			p := ladder(t, transcode.Source{Plays: true, Video: &transcode.Video{Codec: "hevc", PixelFormat: "yuv420p10le", Width: 160, Height: 90, Range: r}}, small(48, 90))
			dir := run(t, p.VideoCommand(ffmpeg.Input{Path: path}, transcode.Chunk{}, p.Video))
			for _, o := range p.Video {
				if diff := cmp.Diff("yuv420p,tv,bt709,bt709,bt709", shown(t, filepath.Join(dir, o.File()), "pix_fmt,color_range,color_space,color_transfer,color_primaries")); diff != "" {
					t.Errorf("%s (-want +got):\n%s", o.Name, diff)
				}
			}
		})
	}
}

func TestOtherCodecsCutWhereTheyAreTold(t *testing.T) {
	lengthy(t)
	path := makeFilm(t, "film.mkv", "-f lavfi -i testsrc2=s=64x48:r=10:d=5 -c:v mpeg4")
	for _, codec := range []transcode.Codec{transcode.HEVC, transcode.AV1} {
		t.Run(string(codec), func(t *testing.T) {
			profile := small(48)
			profile.Video, profile.Preset = codec, map[transcode.Codec]string{transcode.HEVC: "ultrafast", transcode.AV1: "8"}[codec]
			p := ladder(t, transcode.Source{Video: &transcode.Video{
				Codec: "mpeg4", PixelFormat: "yuv420p", Width: 64, Height: 48, Constant: true, Rate: transcode.Ratio{Num: 10, Den: 1},
			}}, profile)
			cuts := []time.Duration{1200 * time.Millisecond, 3 * time.Second}
			files := encode(t, &p, path, []transcode.Chunk{{Cuts: cuts[:1], End: cuts[1]}, {Number: 1, Start: cuts[1], Key: time.Second}})
			for _, cut := range cuts { // libaom makes a key frame of the picture after it, too
				if !slices.ContainsFunc(keysOf(t, files[0], 0), func(key time.Duration) bool { return near(cut, key) }) {
					t.Errorf("there is no key frame at %v: %v", cut, keysOf(t, files[0], 0))
				}
			}
			if n := len(framesOf(t, files[0])); n != 50 {
				t.Errorf("%d pictures, want 50", n)
			}
			indexOf(t, files[0], nil)
		})
	}
}

// TestRemux puts H.264 into MP4, and makes rungs that fit it.
func TestRemux(t *testing.T) {
	lengthy(t)
	const picture = "-f lavfi -i testsrc2=s=160x120:r=25:d=20 -f lavfi -i sine=r=44100:d=20 -c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 75 -bf %d %s"
	cases := []struct {
		name, file, format, make string
		reordered                bool
		slack                    float64 // AVI does not say when a picture shows
		sound                    transcode.Audio
	}{
		{"a transport stream with AAC", "film.ts", "mpegts", fmt.Sprintf(picture, 2, "-c:a aac"), true, 0.002, transcode.Audio{Codec: "aac", Profile: "LC", Channels: 1}},
		{"FLV with AAC", "film.flv", "flv", fmt.Sprintf(picture, 2, "-c:a aac"), true, 0.002, transcode.Audio{Codec: "aac", Profile: "LC", Channels: 1}},
		{"AVI with MP3", "film.avi", "avi", fmt.Sprintf(picture, 0, "-c:a mp3"), false, 0.041, transcode.Audio{Codec: "mp3", Channels: 1}},
		{"QuickTime with PCM", "film.mov", "mov,mp4,m4a,3gp,3g2,mj2", fmt.Sprintf(picture, 2, "-c:a pcm_s16le"), true, 0.002, transcode.Audio{Codec: "pcm_s16le", Channels: 1}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			path := makeFilm(t, c.file, c.make)
			c.sound.Stream, c.sound.SampleRate, c.sound.Language = 1, 44100, "fra"
			source := transcode.Source{Format: c.format, Duration: 20 * time.Second, Audio: []transcode.Audio{c.sound}, Video: &transcode.Video{
				Codec: "h264", PixelFormat: "yuv420p", Width: 160, Height: 120, Rate: transcode.Ratio{Num: 25, Den: 1}, Constant: true, Reordered: c.reordered,
			}}
			p := ladder(t, source, small(60, 120))
			if p.Carriage != transcode.Remuxed || len(p.Video) != 1 {
				t.Fatalf("the plan is %s", summary(&p))
			}
			in := ffmpeg.Input{Path: path}
			remuxed := filepath.Join(run(t, p.RemuxCommand(in, nil)), transcode.RemuxFile)
			ix := indexOf(t, remuxed, nil)
			if len(ix.Tracks) != 2 || ix.Tracks[1].Language != "fr" {
				t.Errorf("it has %d tracks, and sound in %q", len(ix.Tracks), ix.Tracks[len(ix.Tracks)-1].Language)
			}
			want := framesOf(t, remuxed)
			if diff := differ(framesOf(t, path), want, c.slack); diff != "" {
				t.Errorf("remuxed: %s", diff)
			}
			source.Format, source.Plays, source.Video.Start = "mov,mp4,m4a,3gp,3g2,mj2", true, startOf(t, remuxed)
			p = ladder(t, source, small(60, 120))
			keys, end := keyFrames(t, remuxed)
			chunks := p.Chunks(transcode.CutsOf(ix, source.Video.Start), keys, end, 8)
			files := encode(t, &p, remuxed, chunks)
			if n := len(framesOf(t, files[0])); n != len(want) || len(chunks) < 2 {
				t.Errorf("the rung has %d pictures in %d chunks, the film %d", n, len(chunks), len(want))
			}
			indexOf(t, files[0], &media.Options{RenditionOf: ix})
		})
	}
}

func TestLoudness(t *testing.T) {
	lengthy(t)
	cases := []struct {
		name  string
		make  string
		limit float64
		want  float64 // LUFS
	}{
		{"soft sound becomes as loud as it should be", "sine=f=1000:r=48000:d=10,volume=-20dB", -1, -23},
		{"loud sound becomes softer", "sine=f=1000:r=48000:d=10,volume=12dB", -1, -23},
		{"peaks are not cut off", "sine=f=1000:r=48000:d=10,volume=-20dB", -30, -33},
		{"silence stays silent", "anullsrc=r=48000:d=10", -1, -70},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			path := makeFilm(t, "sound.wav", "-f lavfi -i "+c.make+" -t 10")
			profile := transcode.Profile{Loudness: &transcode.Loudness{Integrated: -23, Peak: c.limit}}
			p := ladder(t, transcode.Source{Audio: []transcode.Audio{{Codec: "pcm_s16le", Channels: 1, SampleRate: 48000}}}, profile)
			before := measure(t, &p, path)
			dir := run(t, p.AudioCommand(ffmpeg.Input{Path: path}, p.Audio[0], &before))
			after := measure(t, &p, filepath.Join(dir, p.Audio[0].File()))
			if math.Abs(after.Integrated-c.want) > 1 {
				t.Errorf("it is %+v, was %+v, want %v LUFS", after, before, c.want)
			}
		})
	}
}

func measure(t testing.TB, p *transcode.Plan, path string) transcode.Loudness {
	t.Helper()
	m, err := transcode.ParseLoudness([]byte(ran(t, p.MeasureCommand(ffmpeg.Input{Path: path}, p.Audio[0])).Log))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func FuzzParseLoudness(f *testing.F) {
	f.Add([]byte("  Integrated loudness:\n    I:         -23.0 LUFS\n  True peak:\n    Peak:       -4.0 dBFS\n"))
	f.Add([]byte("    I:   -inf LUFS\n    Peak:       -inf dBFS\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, err := transcode.ParseLoudness(b); err == nil && (math.IsNaN(m.Integrated) || math.IsNaN(m.Peak)) {
			t.Errorf("%q is %+v", b, m)
		}
	})
}

// TestSoundStaysInStep joins sound that sets in late, with a hole within, to a picture.
func TestSoundStaysInStep(t *testing.T) {
	lengthy(t)
	path := makeFilm(t, "film.mkv", "-f lavfi -i testsrc2=s=64x48:r=25:d=14 -f lavfi -i sine=r=48000:d=12 -c:v mpeg4 -g 25 -c:a libvorbis "+
		"-filter_complex [1:a]atrim=0:12,aselect='not(between(t\\,4\\,6))',asetpts=PTS+0.5/TB[a] -map 0:v -map [a]")
	p := ladder(t, transcode.Source{
		Format: "matroska,webm", Duration: 14 * time.Second,
		Video: &transcode.Video{Codec: "mpeg4", PixelFormat: "yuv420p", Width: 64, Height: 48, Constant: true, Rate: transcode.Ratio{Num: 25, Den: 1}},
		Audio: []transcode.Audio{{Stream: 1, Codec: "vorbis", Channels: 1, SampleRate: 48000, Language: "eng"}},
	}, small(48))
	in := ffmpeg.Input{Path: path}
	first := partOf(t, filepath.Join(run(t, p.VideoCommand(in, transcode.Chunk{Cuts: p.Cuts(14 * time.Second)}, p.Video)), p.Video[0].File()))
	heard := partOf(t, filepath.Join(run(t, p.AudioCommand(in, p.Audio[0], nil)), p.Audio[0].File()))
	name := filepath.Join(t.TempDir(), "joined.mp4")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	j, err := transcode.NewJoiner(f, &first, []transcode.Sound{{Part: heard, Language: "eng"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Append(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	if err := j.Finish(); err != nil {
		t.Fatal(err)
	}
	ix := indexOf(t, name, nil)
	picture, sound := ix.Tracks[0], ix.Tracks[1]
	begins := float64(sound.Segments[0].Start)/float64(sound.Timescale) - float64(picture.Segments[0].Start)/float64(picture.Timescale)
	lasts := float64(sound.Duration) / float64(sound.Timescale)
	if math.Abs(begins-0.5) > 0.025 || math.Abs(lasts-12.5) > 0.06 || sound.Language != "en" {
		t.Errorf("sound in %q begins %.3f s after the picture and ends at %.3f, want 0.5 and 12.5", sound.Language, begins, lasts)
	}
	text := call(t, "", "ffmpeg", "-hide_banner", "-v", "info", "-i", name, "-af", "silencedetect=d=0.3:n=-50dB,ametadata=print:key=lavfi.silence_start:file=-", "-map", "0:a", "-f", "null", "-")
	if !strings.Contains(text, "silence_start=4.") {
		t.Errorf("the hole of the film, at 4.5 s, is not there:\n%s", text)
	}
}

func TestPictures(t *testing.T) {
	lengthy(t)
	path := makeFilm(t, "film.mkv", "-f lavfi -i testsrc2=s=320x180:r=10:d=137 -c:v mpeg4 -g 30")
	p := ladder(t, transcode.Source{Format: "matroska,webm", Duration: 137 * time.Second, Video: &transcode.Video{
		Codec: "mpeg4", PixelFormat: "yuv420p", Width: 320, Height: 180, Constant: true, Rate: transcode.Ratio{Num: 10, Den: 1},
	}}, small(180))
	in := ffmpeg.Input{Path: path}
	size := func(path string) string {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		c, err := jpeg.DecodeConfig(f)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("%dx%d", c.Width, c.Height)
	}
	if got := size(filepath.Join(run(t, p.PosterCommand(in)), transcode.PosterFile)); got != "320x180" {
		t.Errorf("the poster is %s", got)
	}
	tiles := p.Thumbnails()
	if tiles.Count != 28 || tiles.Images() != 2 || tiles.Width != 160 || tiles.Height != 90 {
		t.Errorf("thumbnails are %+v", tiles)
	}
	dir := run(t, p.ThumbnailsCommand(in, tiles))
	for n := range tiles.Images() {
		if got := size(filepath.Join(dir, transcode.ThumbnailFile(n))); got != "800x450" {
			t.Errorf("image %d is %s", n, got)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, transcode.ThumbnailFile(tiles.Images()))); err == nil {
		t.Error("there are more images than the layout says")
	}
}

func TestSubtitlesBecomeWebVTT(t *testing.T) {
	lengthy(t)
	dir := t.TempDir()
	srt := filepath.Join(dir, "x.srt")
	if err := os.WriteFile(srt, []byte("1\n00:00:01,000 --> 00:00:02,500\nGuten Tag\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	path := makeFilm(t, "film.mkv", "-f lavfi -i testsrc2=s=64x48:r=10:d=4 -i "+srt+" -c:v mpeg4 -c:s ass")
	s := film("matroska,webm", "mpeg4", 64, 48)
	s.Subtitles = []transcode.Subtitle{{Stream: 1, Codec: "ass", Text: true, Language: "deu"}, {Stream: 2, Codec: "dvb_subtitle"}}
	p := ladder(t, s, small(48))
	if len(p.Texts) != 1 || len(p.Left) != 1 {
		t.Fatalf("texts %v, left out %q", p.Texts, p.Left)
	}
	text, err := os.ReadFile(filepath.Join(run(t, p.TextCommand(ffmpeg.Input{Path: path}, p.Texts[0])), p.Texts[0].File()))
	if err != nil {
		t.Fatal(err)
	}
	if want := "WEBVTT\n\n00:01.000 --> 00:02.500\nGuten Tag\n"; !strings.HasPrefix(string(text), want) {
		t.Errorf("the file is\n%s\nwant\n%s", text, want)
	}
}
