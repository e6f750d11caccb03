package transcode_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/transcode"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// A claiming runner says that it has an accelerator. What that is to encode, software
// encodes, if it works.
type claiming struct {
	*ffmpeg.Runner

	works bool
	asked atomic.Int64 // runs with the accelerator
	want  atomic.Value // of Encoder
}

func (c *claiming) Encoder(_ context.Context, codec string, want ffmpeg.Hardware) (ffmpeg.EncoderChoice, error) {
	c.want.Store(want)
	return ffmpeg.EncoderChoice{
		Name: codec + "_vaapi", Hardware: ffmpeg.VAAPI, Args: []string{"-vaapi_device", "/dev/dri/renderD128"}, Filter: "format=nv12,hwupload",
	}, nil
}

func (c *claiming) Run(ctx context.Context, cmd *ffmpeg.Command) (*ffmpeg.Result, error) {
	if cmd.Hardware != ffmpeg.None {
		c.asked.Add(1)
		if !c.works {
			return nil, errors.New("the device is on fire")
		}
		cmd.Hardware = ffmpeg.None
		cmd.Args = without(cmd.Args, "-vaapi_device")
		for i := range cmd.Args {
			cmd.Args[i] = strings.ReplaceAll(cmd.Args[i], ",hwupload", "")
		}
		for i, o := range cmd.Outputs {
			o.Args = without(without(o.Args, "-rc_mode"), "-global_quality")
			for n := range o.Args {
				o.Args[n] = strings.ReplaceAll(strings.ReplaceAll(o.Args[n], "h264_vaapi", "libx264"), ",hwupload", "")
			}
			cmd.Outputs[i].Args = slices.Concat([]string{"-preset", "ultrafast", "-pix_fmt", "yuv420p", "-sc_threshold", "0", "-forced-idr", "1"}, o.Args)
		}
	}
	return c.Runner.Run(ctx, cmd)
}

// without leaves an option and its value out.
func without(args []string, option string) []string {
	args = slices.Clone(args)
	if at := slices.Index(args, option); at >= 0 {
		args = slices.Delete(args, at, at+2)
	}
	return args
}

func TestHardwareEncodesWhereItWorks(t *testing.T) {
	for _, works := range []bool{true, false} {
		programs := &claiming{Runner: runner(t), works: works}
		o := smallOptions()
		o.programs = programs
		o.Profiles[0].Hardware = ffmpeg.Auto
		h := newHouse(t, t.TempDir(), o)
		a := h.over(h.send(foreignFilm(t), "").ID)
		if a.State != metadata.Ready || len(a.Renditions) != 2 {
			t.Fatalf("where it works is %t: %s %s, %d renditions", works, a.State, a.Error, len(a.Renditions))
		}
		want := int64(1) // the trial
		if works {
			want++ // and chunks
		}
		if n := programs.asked.Load(); n < want || !works && n > 1 {
			t.Errorf("where it works is %t: it encoded %d times", works, n)
		}
		if got := programs.want.Load(); got != ffmpeg.Auto {
			t.Errorf("%q was asked for", got)
		}
	}
}

func TestAProfileNamesHardware(t *testing.T) {
	p := smallProfile()
	p.Hardware = "abacus"
	if _, err := transcode.Ladder(film("avi", "mpeg4", 640, 480), p); !errors.Is(err, transcode.ErrProfile) {
		t.Errorf("got %v, want ErrProfile", err)
	}
}

// TestSVTAV1IsToldWhereKeyFramesBelong reads what it is told: that of Debian 12 cannot.
func TestSVTAV1IsToldWhereKeyFramesBelong(t *testing.T) {
	profile := smallProfile()
	profile.Video, profile.Preset = transcode.AV1, ""
	p := ladder(t, film("avi", "mpeg4", 640, 480), profile)
	if err := p.Encode(ffmpeg.EncoderChoice{Name: "libsvtav1"}); err != nil {
		t.Fatal(err)
	}
	cmd := p.VideoCommand(ffmpeg.Input{}, transcode.Chunk{Cuts: p.Cuts(20e9)}, p.Video)
	for _, o := range cmd.Outputs {
		if text := strings.Join(o.Args, " "); !strings.Contains(text, "-c:v libsvtav1 -preset 8 -crf 30 -maxrate ") || !strings.Contains(text, "-force_key_frames 5.98") {
			t.Errorf("%s is told %q", o.Name, text)
		}
	}
}
