package hls_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/streamgate/streamgate/internal/playcheck"
)

const x265 = "-c:v libx265 -preset ultrafast -x265-params log-level=none:keyint=50:bframes=3"

// matroskaShapes are files of Matroska and WebM. Their timestamps are whole
// milliseconds, and presentation is all that they are of.
var matroskaShapes = []fixture{
	{name: "Matroska with B-frames and AAC", steps: "$BASE -c copy out.mkv"},
	{name: "Matroska at 29.97 frames a second", steps: "$V $A -r 30000/1001 " + x264 + " -c:a aac out.mkv"},
	{name: "Matroska at 59.94 frames a second", steps: "$V -r 60000/1001 " + x264 + " out.mkv"},
	{name: "Matroska at 1 frame in 3 seconds", steps: "$V $A -r 1/3 " + x264 + " -c:a aac out.mkv"},
	{name: "Matroska of a variable frame rate", steps: "$V $A -vf select=not(between(mod(n\\,10)\\,3\\,5)) -fps_mode vfr " + x264 + " -c:a aac out.mkv"},
	{name: "Matroska with open GOPs", steps: "$V $A -c:v libx264 -x264-params open-gop=1:keyint=50:min-keyint=50:bframes=3 -c:a aac out.mkv"},
	{name: "Matroska with a pyramid of 8 B-frames", steps: "$V -c:v libx264 -preset veryfast -g 50 -bf 8 -b_strategy 0 -x264-params b-pyramid=normal:bframes=8 out.mkv"},
	{name: "Matroska of one frame", steps: "$V -frames:v 1 " + x264 + " out.mkv"},
	{name: "Matroska with pixels of 4:3", steps: "$V -vf setsar=4/3 " + x264 + " out.mkv"},
	{name: "Matroska with HEVC and E-AC-3", steps: "$V $A " + x265 + " -c:a eac3 out.mkv"},
	{name: "Matroska with HEVC in PQ", steps: "$V -c:v libx265 -preset ultrafast -pix_fmt yuv420p10le -color_primaries bt2020 -color_trc smpte2084 -colorspace bt2020nc -x265-params log-level=none:keyint=50 out.mkv"},
	{name: "Matroska with AV1 and Opus", steps: "$V $A -c:v libsvtav1 -preset 12 -g 50 -c:a libopus out.mkv"},
	{name: "WebM with AV1 and Opus", steps: "$V $A -c:v libsvtav1 -preset 12 -g 50 -c:a libopus out.webm"},
	{name: "WebM with Opus", steps: "$A -c:a libopus out.webm"},
	{name: "WebM with Opus in packets of 60 ms", steps: "$A -c:a libopus -frame_duration 60 out.webm"},
	{name: "WebM with Opus in packets of 2.5 ms", steps: "$A -c:a libopus -frame_duration 2.5 out.webm", exception: "a decoder that begins with the first packet that is heard gives no sound for that one, which is 2.5 ms long"},
	{name: "Matroska with Opus 5.1", steps: "$A -ac 6 -c:a libopus -mapping_family 1 out.mkv"},
	{name: "Matroska with AAC", steps: "$A -c:a aac out.mkv"},
	{name: "Matroska with AAC at 44.1 kHz", steps: "$V $A " + x264 + " -ar 44100 -c:a aac out.mkv"},
	{name: "Matroska with AAC 5.1 at 8 kHz", steps: "$A -ac 6 -ar 8000 -c:a aac out.mkv"},
	{name: "Matroska with AC-3", steps: "$V $A " + x264 + " -c:a ac3 out.mkv"},
	{name: "Matroska with AC-3 5.1", steps: "$A -ac 6 -c:a ac3 out.mkv"},
	{name: "Matroska with E-AC-3 5.1", steps: "$A -ac 6 -c:a eac3 out.mkv"},
	{name: "Matroska with FLAC", steps: "$V $A " + x264 + " -c:a flac out.mkv"},
	{name: "Matroska with FLAC of 24 bits at 96 kHz", steps: "$A -ar 96000 -c:a flac -sample_fmt s32 out.mkv"},
	{name: "Matroska with MP3", steps: "$V $A " + x264 + " -c:a libmp3lame out.mkv"},
	{name: "Matroska with MP3 at 22.05 kHz", steps: "$A -ar 22050 -c:a libmp3lame out.mkv"},
	{name: "Matroska with ALAC", steps: "$V $A " + x264 + " -c:a alac out.mkv"},
	{name: "Matroska with two languages and subtitles", steps: "$BASE $A -f srt -i subs.srt -map 0:v -map 0:a -map 1:a -map 2 -c:v copy -c:a aac -af:a:1 volume=0.5 -metadata:s:a:0 language=eng -metadata:s:a:1 language=ger -c:s srt out.mkv"},
	{name: "Matroska that is not seekable", steps: "$BASE -c copy -f matroska -live 1 out.mkv"},
	{name: "WebM that is live, with AV1 and Opus", steps: "$V $A -c:v libsvtav1 -preset 12 -g 50 -c:a libopus -f webm -live 1 out.webm"},
	{name: "Matroska with its cues in front", steps: "$BASE -c copy -cues_to_front 1 -reserve_index_space 4096 out.mkv"},
	{name: "Matroska in clusters of 200 ms", steps: "$BASE -c copy -cluster_time_limit 200 out.mkv"},
	{name: "Matroska with sound 0.5 s late", steps: "$BASE -itsoffset 0.5 $BASE -map 0:v -map 1:a -c copy out.mkv", breaks: lateStart},
	{name: "Matroska with the picture 0.7 s late", steps: "-itsoffset 0.7 $BASE $BASE -map 0:v -map 1:a -c copy out.mkv"},
	{name: "Matroska that begins at 20 s", steps: "$BASE -c copy -output_ts_offset 20 out.mkv"},
	{name: "Matroska that begins within a GOP", steps: "-ss 3.3 $BASE -c copy out.mkv"},
	{name: "Matroska with longer sound than pictures", steps: "-t 4 $BASE $BASE -map 0:v -map 1:a -c copy out.mkv", breaks: earlyEnd},
	{name: "Matroska by mkvmerge", steps: "$BASE -c copy out.mkv", patch: remux()},
	{name: "Matroska by mkvmerge with MP3 in laces", steps: "$V $A " + x264 + " -c:a libmp3lame out.mkv", patch: remux()},
	{name: "Matroska by mkvmerge with AC-3 in laces", steps: "$A -c:a ac3 out.mkv", patch: remux()},
	{name: "Matroska by mkvmerge with FLAC", steps: "$A -c:a flac out.mkv", patch: remux()},
	{name: "WebM by mkvmerge with Opus", steps: "$A -c:a libopus out.webm", patch: remux("--webm")},
	{name: "Matroska by mkvmerge with block groups and durations", steps: "$BASE -c copy out.mkv", patch: remux("--engage", "no_simpleblocks")},
	{name: "Matroska by mkvmerge with a clock of 10 µs", steps: "$BASE -c copy out.mkv", patch: remux("--timestamp-scale", "10000")},
	{name: "Matroska by mkvmerge that is compressed", steps: "$A -c:a ac3 out.mkv", patch: remux("--compression", "0:zlib"), class: classTranscode},
	{name: "WebM with VP9 and Opus", steps: "$V $A -t 3 -c:v libvpx-vp9 -cpu-used 8 -deadline realtime -g 25 -c:a libopus out.webm"},
	{name: "WebM with VP9 whose frames hold others that are not shown", steps: "$V -t 3 -c:v libvpx-vp9 -cpu-used 5 -deadline good -auto-alt-ref 1 -lag-in-frames 16 -g 25 out.webm"},
	{name: "WebM with VP9 4:4:4", steps: "$V -t 2 -c:v libvpx-vp9 -cpu-used 8 -deadline realtime -pix_fmt yuv444p -g 25 out.webm"},
	{name: "WebM with VP8", steps: "$V -t 1 -c:v libvpx -deadline realtime out.webm", class: classTranscode},
	{name: "WebM with Vorbis", steps: "$A -c:a libvorbis out.webm", class: classTranscode},
	{name: "Matroska with MPEG-4 part 2", steps: "$V -c:v mpeg4 out.mkv", class: classTranscode},
	{name: "Matroska with PCM", steps: "$A -c:a pcm_s16le out.mkv", class: classTranscode},
}

// remux has mkvmerge write the file again.
func remux(options ...string) patcher {
	return func(t *testing.T, dir string, data []byte) []byte {
		t.Helper()
		if _, err := exec.LookPath("mkvmerge"); err != nil {
			playcheck.Missing(t, "mkvmerge is not installed; `apt-get install mkvtoolnix` brings it")
		}
		in, out := filepath.Join(dir, "in.mkv"), filepath.Join(dir, "remuxed.mkv")
		if err := os.WriteFile(in, data, 0o600); err != nil {
			t.Fatal(err)
		}
		args := append([]string{"-q", "-o", out}, options...)
		if said, err := exec.CommandContext(t.Context(), "mkvmerge", append(args, in)...).CombinedOutput(); err != nil { //nolint:gosec // the test's own arguments
			t.Fatalf("mkvmerge %v: %v\n%s", options, err, said)
		}
		data, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
}
