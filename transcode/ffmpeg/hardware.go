package ffmpeg

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Hardware is a family of encoders in hardware.
type Hardware string

// The families. None is the software of the CPU.
const (
	None         Hardware = ""
	NVENC        Hardware = "nvenc"        // Nvidia
	VAAPI        Hardware = "vaapi"        // Intel and AMD on Linux
	QSV          Hardware = "qsv"          // Intel Quick Sync
	VideoToolbox Hardware = "videotoolbox" // Apple
)

// An EncoderChoice is an encoder to use for a codec.
type EncoderChoice struct {
	Name     string   // as -c:v takes it, such as "h264_nvenc" or "libx264"
	Hardware Hardware // None if it is software
	Args     []string // global options that it needs, for Command.Args
	Filter   string   // what its pictures must pass last, such as "format=nv12,hwupload"; "" for none
	Reason   string   // why it is not the hardware that was wanted; "" if it is
}

// software has the encoders that are taken, the best first.
var software = map[string][]string{
	"h264": {"libx264", "libopenh264"},
	"hevc": {"libx265"},
	"av1":  {"libsvtav1", "libaom-av1", "librav1e"},
}

// accelerators are how each family is asked.
var accelerators = map[Hardware]struct {
	suffix, filter string
	args           []string
}{
	NVENC:        {suffix: "_nvenc", filter: "format=yuv420p"},
	VAAPI:        {suffix: "_vaapi", filter: "format=nv12,hwupload", args: []string{"-vaapi_device", "/dev/dri/renderD128"}},
	QSV:          {suffix: "_qsv", filter: "format=nv12"},
	VideoToolbox: {suffix: "_videotoolbox", filter: "format=yuv420p"},
}

// trials are what runs of a few pictures have shown.
type trials struct {
	mu   sync.Mutex
	seen map[trial]string // why it does not work; "" if it does
}

type trial struct {
	tools *Tools
	name  string
}

// trialTime is more than any device needs to begin.
const trialTime = 30 * time.Second

// Encoder returns an encoder for a codec ("h264", "hevc" or "av1"): that of the
// wanted hardware if a trial run of some pictures succeeds, else one in software,
// and says why, to the Logger, too. Trials are remembered as long as ffmpeg is the
// same. The error is *IncompleteError where there is none at all, ErrCommand for
// another codec or hardware, or that of Tools.
//
// None of the hardware was at hand when this was written: that the trial fails and
// software is taken is tested, that it succeeds is not.
func (r *Runner) Encoder(ctx context.Context, codec string, want Hardware) (EncoderChoice, error) {
	if _, known := accelerators[want]; want != None && !known {
		return EncoderChoice{}, fmt.Errorf("ffmpeg: no hardware %q: %w", want, ErrCommand)
	}
	if software[codec] == nil {
		return EncoderChoice{}, fmt.Errorf("ffmpeg: no encoders for %q: %w", codec, ErrCommand)
	}
	tools, err := r.Tools(ctx)
	if err != nil {
		return EncoderChoice{}, err
	}
	reason := ""
	if want != None {
		choice := accelerated(codec, want)
		if reason = r.try(ctx, tools, choice); reason == "" {
			return choice, nil
		}
		if err := ctx.Err(); err != nil {
			return EncoderChoice{}, err
		}
	}
	for _, name := range software[codec] {
		if tools.Has(Encoder, name) {
			return EncoderChoice{Name: name, Reason: reason}, nil
		}
	}
	return EncoderChoice{}, tools.Need(Part{Encoder, software[codec][0]})
}

func accelerated(codec string, h Hardware) EncoderChoice {
	a := accelerators[h]
	return EncoderChoice{Name: codec + a.suffix, Hardware: h, Args: a.args, Filter: a.filter}
}

// try says why an encoder does not work, or "".
func (r *Runner) try(ctx context.Context, tools *Tools, c EncoderChoice) string {
	key := trial{tools, c.Name}
	r.trials.mu.Lock()
	defer r.trials.mu.Unlock()
	if reason, ok := r.trials.seen[key]; ok {
		return reason
	}
	reason := r.tryNow(ctx, tools, c)
	if ctx.Err() != nil {
		return reason // that of the moment
	}
	if r.trials.seen == nil {
		r.trials.seen = make(map[trial]string)
	}
	r.trials.seen[key] = reason
	if reason != "" {
		r.o.Logger.WarnContext(ctx, "an accelerator does not work; software encodes", "encoder", c.Name, "reason", reason)
	}
	return reason
}

func (r *Runner) tryNow(ctx context.Context, tools *Tools, c EncoderChoice) string {
	if !tools.Has(Encoder, c.Name) {
		return "this build of ffmpeg has no encoder " + c.Name
	}
	result, err := r.Run(ctx, &Command{
		Args:     c.Args,
		Inputs:   []Input{{Graph: "testsrc2=size=640x360:rate=25:duration=0.4"}},
		Outputs:  []Output{{Args: []string{"-vf", c.Filter, "-c:v", c.Name}}},
		Limits:   Limits{Time: trialTime},
		Hardware: c.Hardware,
	})
	if err != nil {
		return err.Error()
	}
	if err := result.Close(); err != nil {
		return err.Error()
	}
	return ""
}
