package transcode

import (
	"strconv"
)

// encoder is how ffmpeg encodes pictures in a codec.
type encoder struct {
	name   string // of the encoder
	preset string
	tag    string // the sample entry that players want
	when   string // the flag of the MP4 muxer that says when it knows what the description needs
	args   func(o *Output, p *Profile) []string
}

// encoders by codec. All of them begin a closed group of pictures where a key frame
// is forced and nowhere else: segments are cut there, on all rungs alike, and what
// a chunk needs is in the chunk. A change of scene gets a picture of its own (an
// I-frame that is no key frame) where the encoder can do that.
var encoders = map[Codec]*encoder{
	H264: {name: "libx264", preset: "veryfast", tag: "avc1", when: "+empty_moov", args: func(o *Output, p *Profile) []string {
		return []string{
			"-preset", p.Preset, "-crf", number(o.CRF), "-maxrate", bits(o.MaxRate), "-bufsize", bits(o.Buffer),
			// scenecut within min-keyint makes I-frames, and no IDR
			"-x264-params", "keyint=infinite:min-keyint=1000000:open-gop=0", "-forced-idr", "1", "-pix_fmt", "yuv420p",
		}
	}},
	HEVC: {name: "libx265", preset: "fast", tag: "hvc1", when: "+empty_moov", args: func(o *Output, p *Profile) []string {
		return []string{
			"-preset", p.Preset, "-crf", number(o.CRF),
			"-x265-params", "log-level=error:keyint=-1:scenecut=0:open-gop=0:repeat-headers=0:vbv-maxrate=" +
				strconv.FormatInt(o.MaxRate/1000, 10) + ":vbv-bufsize=" + strconv.FormatInt(o.Buffer/1000, 10),
			"-forced-idr", "1", "-pix_fmt", p.pixels(),
		}
	}},
	AV1: {name: "libaom-av1", preset: "8", tag: "av01", when: "+delay_moov", args: func(o *Output, p *Profile) []string {
		return []string{
			"-cpu-used", p.Preset, "-row-mt", "1", "-crf", number(o.CRF), "-b:v", bits(o.MaxRate), // constrained quality
			"-g", "100000", "-sc_threshold", "0", "-pix_fmt", p.pixels(),
		}
	}},
}

// others are encoders in software that ffmpeg.Runner.Encoder may have found in place of
// those: SVT-AV1 takes a tenth of what libaom takes for the same, where it is one that
// makes key frames when it is told.
var others = map[string]*encoder{
	"libsvtav1": {name: "libsvtav1", tag: "av01", when: "+delay_moov", args: func(o *Output, p *Profile) []string {
		return []string{
			"-preset", p.Preset, "-crf", number(o.CRF), "-maxrate", bits(o.MaxRate), "-bufsize", bits(o.Buffer),
			"-g", endless, "-pix_fmt", p.pixels(),
		}
	}},
}

// soundEncoders are the encoders of ffmpeg by codec.
var soundEncoders = map[Codec]string{AAC: "aac", Opus: "libopus"}

func (p *Profile) pixels() string {
	if p.HDR {
		return "yuv420p10le"
	}
	return "yuv420p"
}

func bits(n int64) string { return strconv.FormatInt(n, 10) }

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
