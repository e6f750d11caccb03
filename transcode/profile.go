package transcode

import (
	"cmp"
	"slices"
	"time"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// Codec names a way of coding.
type Codec string

// The codecs of profiles.
const (
	H264 Codec = "h264"
	HEVC Codec = "hevc"
	AV1  Codec = "av1"
	AAC  Codec = "aac"
	Opus Codec = "opus"
)

// Profile is what is wanted of a source. The zero value of a field is its default,
// but for Rungs: without any, nothing but sound is encoded.
type Profile struct {
	Name  string // as tasks name it
	Video Codec  // default H264
	Rungs []Rung // in any order
	HDR   bool   // rungs keep a high dynamic range, where source and codec have one; default: they are SDR

	// Hardware encodes the pictures where it works, which a trial tells: the first that
	// does (ffmpeg.Auto), or one by its name. Else software does, and the log says why.
	// All machines that share a queue need the same. Default: software.
	Hardware ffmpeg.Hardware

	Audio    Codec         // default AAC
	Bitrates map[int]int64 // of sound, bits a second by the number of channels: 1, 2 and 6; default 64, 128 and 320 kbit/s
	Loudness *Loudness     // what sound that is encoded is brought to; default RDefault

	Segment time.Duration // how long segments are; default 6 s
	Preset  string        // of the encoder, how much work it makes of it; default "veryfast" for H.264 and "fast" for HEVC, 8 for AV1
}

// Rung is one step of a ladder: a size, how good it is, and what it may take.
type Rung struct {
	Height  int     // of the short side, in pixels: the width where the picture is upright
	CRF     float64 // constant rate factor of the encoder; 0 is lossless, where it has that
	MaxRate int64   // bits a second of a picture of 16:9 with up to 30 frames a second
	Buffer  int64   // bits that the decoder holds (VBV); default twice MaxRate
	MaxFPS  int     // frames a second; default 60
}

// Loudness is a measure of EBU R 128.
type Loudness struct {
	Integrated float64 // LUFS
	Peak       float64 // dBTP: of what is measured the highest, of a target the limit
}

// RDefault is the target of EBU R 128.
var RDefault = Loudness{Integrated: -23, Peak: -1}

// DefaultProfile is H.264 with AAC, in up to seven rungs: it plays everywhere.
//
// Quality is the same on every rung, and MaxRate caps what difficult scenes take:
// some 0.1 bit a pixel at 30 frames a second and 240 lines, 0.07 at 2160.
func DefaultProfile() Profile {
	return Profile{
		Name:  "default",
		Video: H264,
		Rungs: []Rung{
			{Height: 240, CRF: 23, MaxRate: 400_000, MaxFPS: 30},
			{Height: 360, CRF: 23, MaxRate: 900_000, MaxFPS: 30},
			{Height: 480, CRF: 23, MaxRate: 1_600_000},
			{Height: 720, CRF: 23, MaxRate: 3_200_000},
			{Height: 1080, CRF: 23, MaxRate: 6_000_000},
			{Height: 1440, CRF: 23, MaxRate: 10_000_000},
			{Height: 2160, CRF: 23, MaxRate: 18_000_000},
		},
		Audio: AAC,
	}
}

// The limits of what a profile may ask for.
const (
	maxRungs  = 16
	maxSide   = 8192
	maxFPS    = 240
	maxCRF    = 63
	minTarget = time.Second
	maxTarget = time.Minute
)

// complete checks a profile and fills its defaults in; rungs stand from the smallest.
func (p Profile) complete() (Profile, error) {
	p.Video, p.Audio = cmp.Or(p.Video, H264), cmp.Or(p.Audio, AAC)
	p.Segment = cmp.Or(p.Segment, defaultSegment)
	if p.Loudness == nil {
		p.Loudness = &RDefault
	}
	switch {
	case encoders[p.Video] == nil:
		return p, problem.Errorf(ErrProfile, "profile %q: %q is no codec for video: h264, hevc and av1 are", p.Name, p.Video)
	case p.Audio != AAC && p.Audio != Opus:
		return p, problem.Errorf(ErrProfile, "profile %q: %q is no codec for sound: aac and opus are", p.Name, p.Audio)
	case len(p.Rungs) > maxRungs:
		return p, problem.Errorf(ErrProfile, "profile %q has %d rungs, more than %d", p.Name, len(p.Rungs), maxRungs)
	case p.Segment < minTarget || p.Segment > maxTarget:
		return p, problem.Errorf(ErrProfile, "profile %q: segments of %v are not between %v and %v", p.Name, p.Segment, minTarget, maxTarget)
	case p.Hardware != ffmpeg.None && p.Hardware != ffmpeg.Auto && accelerated[p.Hardware] == nil:
		return p, problem.Errorf(ErrProfile, "profile %q: there is no hardware %q: auto, nvenc, vaapi, qsv and videotoolbox are", p.Name, p.Hardware)
	case p.HDR && p.Video == H264:
		return p, problem.Errorf(ErrProfile, "profile %q: a high dynamic range takes hevc or av1", p.Name)
	}
	p.Preset = cmp.Or(p.Preset, encoders[p.Video].preset)
	p.Rungs = slices.Clone(p.Rungs)
	slices.SortFunc(p.Rungs, func(a, b Rung) int { return cmp.Compare(a.Height, b.Height) })
	for i := range p.Rungs {
		r := &p.Rungs[i]
		r.Buffer, r.MaxFPS = cmp.Or(r.Buffer, 2*r.MaxRate), cmp.Or(r.MaxFPS, 60)
		switch {
		case r.Height < 2 || r.Height > maxSide, r.CRF < 0, r.CRF > maxCRF, r.MaxRate < 1, r.Buffer < 1, r.MaxFPS < 1, r.MaxFPS > maxFPS:
			return p, problem.Errorf(ErrProfile, "profile %q: a rung of %d lines with CRF %v, %d bit/s and %d frames a second is none",
				p.Name, r.Height, r.CRF, r.MaxRate, r.MaxFPS)
		case i > 0 && r.Height == p.Rungs[i-1].Height:
			return p, problem.Errorf(ErrProfile, "profile %q has two rungs of %d lines", p.Name, r.Height)
		}
	}
	return p, nil
}

const defaultSegment = 6 * time.Second
