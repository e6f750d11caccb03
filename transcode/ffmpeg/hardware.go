package ffmpeg

import "context"

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

// Encoder returns an encoder for a codec ("h264", "hevc" or "av1"): that of the
// wanted hardware if a trial run of some pictures succeeds, else one in software,
// and says why. Trials are remembered. The error is *IncompleteError where there is
// none at all, or that of Tools.
func (r *Runner) Encoder(ctx context.Context, codec string, want Hardware) (EncoderChoice, error) {
	panic("not yet")
}
