package ffmpeg_test

import (
	"strings"
	"testing"

	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// TestEncodersAndFiltersWorkInTheSandbox: some look at the processor, at memory, or
// for plugins.
func TestEncodersAndFiltersWorkInTheSandbox(t *testing.T) {
	tools := needFFmpeg(t)
	for _, c := range []struct {
		name  string
		needs []ffmpeg.Part
		line  string
	}{
		{"H.264", []ffmpeg.Part{{Kind: ffmpeg.Encoder, Name: "libx264"}}, "-c:v libx264 -preset ultrafast"},
		{"HEVC", []ffmpeg.Part{{Kind: ffmpeg.Encoder, Name: "libx265"}}, "-c:v libx265 -preset ultrafast -x265-params log-level=error"},
		{"AV1 by SVT", []ffmpeg.Part{{Kind: ffmpeg.Encoder, Name: "libsvtav1"}}, "-c:v libsvtav1 -preset 12"},
		{"AV1 by libaom", []ffmpeg.Part{{Kind: ffmpeg.Encoder, Name: "libaom-av1"}}, "-c:v libaom-av1 -cpu-used 8 -usage realtime"},
		{"VP9", []ffmpeg.Part{{Kind: ffmpeg.Encoder, Name: "libvpx-vp9"}}, "-c:v libvpx-vp9 -deadline realtime"},
		{"Opus", []ffmpeg.Part{{Kind: ffmpeg.Encoder, Name: "libopus"}}, "-map 1:a -c:a libopus"},
		{"tone mapping", []ffmpeg.Part{{Kind: ffmpeg.Filter, Name: "zscale"}, {Kind: ffmpeg.Filter, Name: "tonemap"}}, "-c:v mpeg4 -vf setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc,zscale=t=linear:npl=100,format=gbrpf32le,tonemap=hable,zscale=t=bt709:m=bt709:p=bt709,format=yuv420p"},
		{"deinterlacing and a poster", []ffmpeg.Part{{Kind: ffmpeg.Filter, Name: "bwdif"}, {Kind: ffmpeg.Filter, Name: "thumbnail"}}, "-vf bwdif,thumbnail=5 -frames:v 1 -c:v mjpeg"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := tools.Need(c.needs...); err != nil {
				missing(t, err.Error())
			}
			result, err := shared(t).Run(t.Context(), &ffmpeg.Command{
				Inputs:  []ffmpeg.Input{{Graph: "testsrc2=size=320x180:rate=25:duration=0.4"}, {Graph: "sine=d=0.4"}},
				Outputs: []ffmpeg.Output{{Name: "out.mkv", Args: strings.Fields(c.line)}},
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := result.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}
