package transcode_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/streamgate/streamgate/transcode"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// TestEncodersInHardware reads what they are told: none is at hand.
func TestEncodersInHardware(t *testing.T) {
	for name, c := range map[string]ffmpeg.EncoderChoice{
		"h264_nvenc":        {Hardware: ffmpeg.NVENC, Filter: "format=yuv420p"},
		"h264_vaapi":        {Hardware: ffmpeg.VAAPI, Filter: "format=nv12,hwupload", Args: []string{"-vaapi_device", "/dev/dri/renderD128"}},
		"h264_qsv":          {Hardware: ffmpeg.QSV, Filter: "format=nv12"},
		"h264_videotoolbox": {Hardware: ffmpeg.VideoToolbox, Filter: "format=yuv420p"},
	} {
		t.Run(name, func(t *testing.T) {
			c.Name = name
			p := ladder(t, film("avi", "mpeg4", 640, 480), transcode.DefaultProfile())
			if err := p.Encode(c); err != nil {
				t.Fatal(err)
			}
			cmd := p.VideoCommand(ffmpeg.Input{}, transcode.Chunk{Cuts: p.Cuts(20e9)}, p.Video)
			all := strings.Join(cmd.Args, " ")
			if cmd.Hardware != c.Hardware || !strings.Contains(all, strings.Join(c.Args, " ")) || strings.Count(all, "setsar=1,"+c.Filter+"[o") != len(p.Video) {
				t.Errorf("the run is told %q, for %q", all, cmd.Hardware)
			}
			for _, o := range cmd.Outputs {
				if text := strings.Join(o.Args, " "); !strings.Contains(text, "-c:v "+name+" ") || !strings.Contains(text, "-force_key_frames ") || strings.Contains(text, "x264") {
					t.Errorf("%s is told %q", o.Name, text)
				}
			}
			if codecs, _ := p.Needs(); !slices.Contains(codecs, name) {
				t.Errorf("it needs %q", codecs)
			}
			if err := p.Encode(ffmpeg.EncoderChoice{Name: "libx264"}); err != nil {
				t.Fatal(err)
			}
			if codecs, _ := p.Needs(); !slices.Contains(codecs, "libx264") {
				t.Errorf("with software again it needs %q", codecs)
			}
		})
	}
	for name, c := range map[string]ffmpeg.EncoderChoice{
		"one that takes no key frames": {Name: "libopenh264"},
		"one of another codec":         {Name: "hevc_nvenc", Hardware: ffmpeg.NVENC},
	} {
		p := ladder(t, film("avi", "mpeg4", 640, 480), transcode.DefaultProfile())
		if err := p.Encode(c); !errors.Is(err, transcode.ErrProfile) {
			t.Errorf("%s: got %v, want ErrProfile", name, err)
		}
	}
}
