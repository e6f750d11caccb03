package ffmpeg

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/streamgate/streamgate/media"
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

	// Auto is the first of those above that works here, and none where none does.
	Auto Hardware = "auto"
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
	"av1":  {"libsvtav1", "libaom-av1"},
}

// heedless are encoders of which some releases pass over key frames that are forced:
// those are not taken. SVT-AV1 does so before 1.5.
var heedless = map[string]bool{"libsvtav1": true}

// families are those that a system may have, the best first.
func families(system string) []Hardware {
	switch system {
	case "darwin", "ios":
		return []Hardware{VideoToolbox}
	case "linux":
		return []Hardware{NVENC, QSV, VAAPI}
	}
	return []Hardware{NVENC, QSV}
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
// software is taken is tested, that it succeeds only with a program that says so.
func (r *Runner) Encoder(ctx context.Context, codec string, want Hardware) (EncoderChoice, error) {
	if _, known := accelerators[want]; want != None && want != Auto && !known {
		return EncoderChoice{}, fmt.Errorf("ffmpeg: no hardware %q: %w", want, ErrCommand)
	}
	if software[codec] == nil {
		return EncoderChoice{}, fmt.Errorf("ffmpeg: no encoders for %q: %w", codec, ErrCommand)
	}
	tools, err := r.Tools(ctx)
	if err != nil {
		return EncoderChoice{}, err
	}
	list := []Hardware{want}
	switch want {
	case None:
		list = nil
	case Auto:
		list = families(runtime.GOOS)
	}
	reason := ""
	for _, h := range list {
		choice := accelerated(codec, h)
		if reason = r.try(ctx, tools, choice.Name, func() string { return r.tryNow(ctx, tools, choice) }); reason == "" {
			return choice, nil
		}
		if err := ctx.Err(); err != nil {
			return EncoderChoice{}, err
		}
	}
	return r.inSoftware(ctx, tools, codec, reason)
}

// inSoftware is the best encoder in software that does what it is told.
func (r *Runner) inSoftware(ctx context.Context, tools *Tools, codec, reason string) (EncoderChoice, error) {
	for _, name := range software[codec] {
		if !tools.Has(Encoder, name) {
			continue
		}
		if heedless[name] && r.try(ctx, tools, name, func() string { return r.heeds(ctx, name) }) != "" {
			if err := ctx.Err(); err != nil {
				return EncoderChoice{}, err
			}
			continue
		}
		return EncoderChoice{Name: name, Reason: reason}, nil
	}
	return EncoderChoice{}, tools.Need(Part{Encoder, software[codec][len(software[codec])-1]})
}

func accelerated(codec string, h Hardware) EncoderChoice {
	a := accelerators[h]
	return EncoderChoice{Name: codec + a.suffix, Hardware: h, Args: a.args, Filter: a.filter}
}

// try says why an encoder does not work, or "": what now says, once.
func (r *Runner) try(ctx context.Context, tools *Tools, name string, now func() string) string {
	key := trial{tools, name}
	r.trials.mu.Lock()
	defer r.trials.mu.Unlock()
	if reason, ok := r.trials.seen[key]; ok {
		return reason
	}
	reason := now()
	if ctx.Err() != nil {
		return reason // that of the moment
	}
	if r.trials.seen == nil {
		r.trials.seen = make(map[trial]string)
	}
	r.trials.seen[key] = reason
	if reason != "" {
		r.o.Logger.WarnContext(ctx, "an encoder does not work; another is taken", "encoder", name, "reason", reason)
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

// heeds says why an encoder in software cannot be used: it makes no key frame where it is
// told.
func (r *Runner) heeds(ctx context.Context, name string) string {
	result, err := r.Run(ctx, &Command{
		Inputs:  []Input{{Graph: "testsrc2=size=128x128:rate=25:duration=0.8"}},
		Outputs: []Output{{Name: "trial.mp4", Args: []string{"-pix_fmt", "yuv420p", "-c:v", name, "-g", "1000", "-force_key_frames", "0.4"}}},
		Limits:  Limits{Time: trialTime},
	})
	if err != nil {
		return err.Error()
	}
	keys, err := r.KeyFrames(ctx, Input{Path: filepath.Join(result.Dir, "trial.mp4"), Type: media.TypeMP4}, 0)
	if closed := result.Close(); err == nil {
		err = closed
	}
	switch {
	case err != nil:
		return err.Error()
	case !slices.Contains(keys, 400*time.Millisecond):
		return "it passes over key frames that are forced"
	}
	return ""
}
