package ffmpeg_test

import (
	"encoding/csv"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/internal/testclip"
	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// film has ffmpeg make a file, outside of any sandbox.
func film(t *testing.T, name, line string) ffmpeg.Input {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	args := append([]string{"-v", "error"}, strings.Fields(line)...)
	if out, err := exec.CommandContext(t.Context(), needFFmpeg(t).FFmpeg, append(args, path)...).CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg %s: %v\n%s", line, err, out)
	}
	return sniffed(t, path)
}

// sniffed is a file with the type that it has.
func sniffed(t *testing.T, path string) ffmpeg.Input {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	head, err := io.ReadAll(io.LimitReader(f, media.SniffLen))
	if err != nil {
		t.Fatal(err)
	}
	kind, _ := media.Sniff(head)
	return ffmpeg.Input{Path: path, Type: kind}
}

const picture = "-f lavfi -i testsrc2=s=320x240:r=25:d=1 "

func TestFilesAreProbed(t *testing.T) {
	for _, c := range []struct {
		name, encoder, file, line string
		check                     func(*ffmpeg.Source) any
		want                      any
	}{
		{
			"wide pixels, interlaced", "mpeg2video", "a.ts", "-f lavfi -i testsrc2=s=720x576:r=50:d=1 -c:v mpeg2video -vf setsar=16/15,interlace -flags +ildct+ilme",
			func(s *ffmpeg.Source) any { return []any{s.Video[0].SAR, s.Video[0].Interlaced, s.Video[0].Rate} },
			[]any{ffmpeg.Ratio{Num: 16, Den: 15}, true, ffmpeg.Ratio{Num: 25, Den: 1}},
		},
		{
			"surround sound in German, and subtitles", "aac", "a.mkv", "-f lavfi -i anullsrc=cl=5.1:d=1 -f lavfi -i anullsrc=d=1 -c:a aac -map 0 -map 1 -metadata:s:a:0 language=ger",
			func(s *ffmpeg.Source) any {
				return []any{s.Audio[0].Channels, s.Audio[0].Layout, s.Audio[0].Language, s.Audio[1].Channels, s.Audio[1].Language, len(s.Video)}
			},
			[]any{6, "5.1", "ger", 2, "", 0},
		},
		{
			"HDR10 whose metadata are in the stream alone", "libx265", "a.ts",
			picture + "-pix_fmt yuv420p10le -c:v libx265 -x265-params log-level=error:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc:max-cll=1000,400:master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)",
			func(s *ffmpeg.Source) any {
				c := s.Video[0].Color
				return []any{c.HDR, c.Primaries, c.MaxCLL, c.Mastering != nil && c.Mastering.Max == 1000, s.Video[0].BitDepth, s.Video[0].FieldOrder}
			},
			[]any{ffmpeg.PQ, "bt2020", 1000, true, 10, "progressive"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if !needFFmpeg(t).Has(ffmpeg.Encoder, c.encoder) {
				missing(t, "this ffmpeg has no "+c.encoder+"; make test installs one that has")
			}
			s, err := shared(t).Probe(t.Context(), film(t, c.file, c.line))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, c.check(s)); diff != "" {
				t.Errorf("it is otherwise (-want +got):\n%s\n%+v", diff, s)
			}
		})
	}
}

func TestWhatCannotBeProbedSaysWhy(t *testing.T) {
	whole, err := os.ReadFile(clip(t).Path)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, text string
		kind       media.Type
		class      ffmpeg.Class
		words      string
	}{
		{"a file that is cut off", string(whole[:len(whole)/2]), media.TypeMP4, ffmpeg.BrokenInput, "moov atom not found"},
		{"an empty one", "", media.TypeMP4, ffmpeg.BrokenInput, "cannot be read"},
		{"one of another type", string(whole), media.TypeMatroska, ffmpeg.BrokenInput, "cannot be read"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := shared(t).Probe(t.Context(), ffmpeg.Input{Path: write(t, "film", c.text), Type: c.kind})
			wantClass(t, err, c.class, c.words)
		})
	}
	if _, err := shared(t).Probe(t.Context(), ffmpeg.Input{Graph: "anullsrc"}); !errors.Is(err, ffmpeg.ErrCommand) {
		t.Errorf("a graph: %v", err)
	}
	if _, err := shared(t).Probe(t.Context(), ffmpeg.Input{Path: "/etc/hosts"}); !errors.Is(err, ffmpeg.ErrType) {
		t.Errorf("a file that nobody sniffed: %v", err)
	}
}

func TestAReportThatIsTooLongIsRefused(t *testing.T) {
	r := newRunner(t, fake(t, `head -c 9000000 /dev/zero`))
	_, err := r.Probe(t.Context(), ffmpeg.Input{Path: write(t, "film", "x"), Type: media.TypeMP4})
	wantClass(t, err, ffmpeg.BrokenInput, "8192 KiB")
}

func TestKeyFramesAreFound(t *testing.T) {
	for _, c := range []struct {
		name, file, line string
		stream           int
		want             []time.Duration
	}{
		{"of AVI, which has no timestamps of pictures", "a.avi", picture + "-c:v mpeg4 -g 10 -sc_threshold 1000000000", 0, []time.Duration{0, 400 * time.Millisecond, 800 * time.Millisecond}},
		{"of the second stream", "a.ts", "-f lavfi -i anullsrc=d=1 " + picture + "-map 0 -map 1 -c:a aac -c:v mpeg2video -g 10 -sc_threshold 1000000000 -muxdelay 0 -muxpreload 0", 1, []time.Duration{0, 400 * time.Millisecond, 800 * time.Millisecond}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := shared(t).KeyFrames(t.Context(), film(t, c.file, c.line), c.stream)
			if err != nil {
				t.Fatal(err)
			}
			for i := len(got) - 1; i >= 0; i-- {
				got[i] -= got[0]
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("others (-want +got):\n%s", diff)
			}
		})
	}
}

// corpusFile is one of the media corpus.
func corpusFile(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(testclip.Corpus(t), name)
	if _, err := os.Stat(path); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCorpusFilesAreProbed(t *testing.T) {
	for _, c := range []struct {
		name, file string
		check      func(*ffmpeg.Source) any
		want       any
	}{
		{"a phone's portrait", "php-ffmpeg_tests_FFMpeg_files_portrait.MOV", func(s *ffmpeg.Source) any { return s.Video[0].Rotation }, 90},
		{"one that is turned and flipped", "androidx_mp4_sample_rotate_and_reflect.mp4", func(s *ffmpeg.Source) any { return s.Video[0].Mirrored }, true},
		{"HLG", "mozilla_mp4parse_capi_tests_video_colr_nclx_hlg.mp4", func(s *ffmpeg.Source) any { return s.Video[0].Color.HDR }, ffmpeg.HLG},
		{"Dolby Vision", "androidx_mp4_sample_with_color_info.mp4", func(s *ffmpeg.Source) any { return s.Video[0].Color.DolbyVision.Profile }, 8},
		{"subtitles in Matroska", "androidx_mkv_sample_with_ass_subtitles.mkv", func(s *ffmpeg.Source) any { return s.Subtitles[0].Text }, true},
		{"a cover", "androidx_mp3_bear-id3.mp3", func(s *ffmpeg.Source) any { return []int{len(s.Video), len(s.Pictures), len(s.Audio)} }, []int{0, 1, 1}},
		{"a codec without a name", "androidx_mp4_sample_ac4_level4.mp4", func(s *ffmpeg.Source) any { return []string{s.Audio[0].Codec, s.Audio[0].Tag} }, []string{"", "ac-4"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := shared(t).Probe(t.Context(), sniffed(t, corpusFile(t, c.file)))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, c.check(s)); diff != "" {
				t.Errorf("it is otherwise (-want +got):\n%s\n%+v", diff, s)
			}
		})
	}
}

// TestTheWholeCorpusIsProbed prints what is in each file, and wants of each that
// ffprobe is said to read a source, in the sandbox and by the demuxer of its type.
func TestTheWholeCorpusIsProbed(t *testing.T) {
	if os.Getenv("STREAMGATE_CORPUS_ALL") == "" {
		t.Skip("it takes a minute; STREAMGATE_CORPUS_ALL=1 or make corpus runs it")
	}
	manifest, err := os.Open(corpusFile(t, "manifest.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer manifest.Close()
	lines := csv.NewReader(manifest)
	lines.Comma = '\t'
	rows, err := lines.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:] {
		in := sniffed(t, corpusFile(t, row[0]))
		s, err := shared(t).Probe(t.Context(), in)
		if errors.Is(err, ffmpeg.ErrType) {
			t.Logf("%s (%s): not sniffed", row[0], row[6])
			continue
		}
		if err != nil {
			wantRunError(t, err)
			if row[6] != "reject" {
				t.Errorf("%s (%s) as %s: %v", row[0], row[6], in.Type, err)
			}
			continue
		}
		t.Logf("%s (%s): %v, %d video, %d audio, %d subtitles, %d pictures, %d others", row[0], row[6], s.Duration, len(s.Video), len(s.Audio), len(s.Subtitles), len(s.Pictures), s.Others)
	}
}
