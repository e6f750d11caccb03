package transcode

import (
	"slices"
	"strings"
	"time"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// accelerated are the options of encoders in hardware, by the end of their names: the
// quality of CRF, as far as they have it, a cap, and key frames where they are forced
// alone. None was at hand when this was written; they are those of ffmpeg's manual.
var accelerated = map[ffmpeg.Hardware]func(o *Output) []string{
	ffmpeg.NVENC: func(o *Output) []string {
		return []string{
			"-rc", "vbr", "-cq", number(o.CRF), "-b:v", "0", "-maxrate", bits(o.MaxRate), "-bufsize", bits(o.Buffer),
			"-forced-idr", "1", "-no-scenecut", "1", "-g", endless,
		}
	},
	ffmpeg.VAAPI: func(o *Output) []string {
		return []string{"-rc_mode", "QVBR", "-global_quality", number(o.CRF), "-b:v", bits(o.MaxRate / 2), "-maxrate", bits(o.MaxRate), "-bufsize", bits(o.Buffer), "-g", endless}
	},
	ffmpeg.QSV: func(o *Output) []string {
		return []string{"-global_quality", number(o.CRF), "-maxrate", bits(o.MaxRate), "-bufsize", bits(o.Buffer), "-forced_idr", "1", "-adaptive_i", "0", "-g", endless}
	},
	ffmpeg.VideoToolbox: func(o *Output) []string {
		return []string{"-b:v", bits(o.MaxRate / 2), "-maxrate", bits(o.MaxRate), "-bufsize", bits(o.Buffer), "-g", endless}
	},
}

// endless is more frames than a chunk has.
const endless = "100000"

// Encode has pictures encoded by what ffmpeg.Runner.Encoder found for the profile's
// codec, instead of the encoder in software that a plan begins with. All rungs and
// chunks have to be by the same one: they are joined.
//
// ErrProfile where it is one that this package cannot tell where key frames belong; the
// plan is as it was then. High dynamic range is kept by software alone.
func (p *Plan) Encode(choice ffmpeg.EncoderChoice) error {
	software := encoders[p.profile.Video]
	args := accelerated[choice.Hardware]
	switch {
	case choice.Name == software.name:
		p.encoder, p.hardware, p.upload, p.device = nil, ffmpeg.None, "", nil
		return nil
	case others[choice.Name] != nil && others[choice.Name].tag == software.tag:
		p.encoder, p.hardware, p.upload, p.device = others[choice.Name], ffmpeg.None, "", nil
		return nil
	case args == nil || !strings.HasPrefix(choice.Name, string(p.profile.Video)+"_"):
		return problem.Errorf(ErrProfile, "the encoder %s for %s cannot be told where key frames belong; %s can", choice.Name, p.profile.Video, software.name)
	case p.profile.HDR:
		return problem.Errorf(ErrProfile, "the encoder %s is not asked for a high dynamic range; %s is", choice.Name, software.name)
	}
	e := *software
	e.name = choice.Name
	e.args = func(o *Output, _ *Profile) []string { return args(o) }
	p.encoder, p.upload, p.device, p.hardware = &e, choice.Filter, choice.Args, choice.Hardware
	return nil
}

// TrialCommand encodes ten pictures as the first rung is encoded, and keeps nothing.
func (p *Plan) TrialCommand() *ffmpeg.Command {
	e := p.coder()
	args := slices.Concat([]string{"-vf", p.upload, "-c:v", e.name}, e.args(&p.Video[0], &p.profile), []string{"-force_key_frames", "0.2"})
	return &ffmpeg.Command{
		Args: p.device, Hardware: p.hardware, Inputs: []ffmpeg.Input{{Graph: "testsrc2=size=640x360:rate=25:duration=0.4"}},
		Outputs: []ffmpeg.Output{{Args: args}}, Limits: ffmpeg.Limits{Time: trialTime},
	}
}

// trialTime is more than any device needs to begin.
const trialTime = 30 * time.Second

// coder is how pictures are encoded.
func (p *Plan) coder() *encoder {
	if p.encoder != nil {
		return p.encoder
	}
	return encoders[p.profile.Video]
}
