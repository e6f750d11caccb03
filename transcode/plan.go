package transcode

import (
	"time"

	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// Carriage is how the file that an asset plays from comes to be.
type Carriage string

// The ways to a file that plays.
const (
	AsItCame Carriage = "as-it-came" // the upload plays; rungs join it, and sound in another coding
	Remuxed  Carriage = "remuxed"    // pictures, or all of it, are put into another container by one quick task
	Encoded  Carriage = "encoded"    // the lowest rung, with the sound, is what plays; further rungs join it
)

// Plan is what is to be done for a source.
type Plan struct {
	Carriage Carriage
	Video    []Output // rungs to encode, from the smallest; of a file that is remuxed, what will be encoded of the new one
	Audio    []Track  // sound to copy or encode; where the upload plays, what is to be heard beside its own
	Texts    []Text   // subtitles to extract; none where the upload plays
	Left     []string // what of the source is left out or not made, and why, for a person

	Deinterlace bool
	ToneMap     bool // HDR to SDR
	Timescale   int  // ticks a second of all rungs

	source  Source
	profile Profile

	// Of hardware, see Encode.
	encoder  *encoder
	hardware ffmpeg.Hardware
	upload   string // the filter that pictures pass last
	device   []string
}

// Output is a rung as it is encoded.
type Output struct {
	Name    string // of the rendition, such as "720p"
	Width   int    // pixels, even
	Height  int
	CRF     float64
	MaxRate int64 // bits a second
	Buffer  int64 // bits
	Rate    Ratio // frames a second, where the source has a constant rate
	Every   int   // of the source's frames one in so many stays; 1 is all
	// Interval is how long each frame lasts at least, where the rate varies and is
	// above the cap; else 0.
	Interval time.Duration
}

// Track is a stream of sound as it becomes.
type Track struct {
	Audio
	Copy    bool // as it is; else encoded as follows
	Codec   Codec
	Mix     int   // channels
	Hz      int   // sample rate
	Bitrate int64 // bits a second
}

// Text is a stream of subtitles that becomes WebVTT.
type Text struct{ Subtitle }

// Source is what the plan is for.
func (p *Plan) Source() *Source { return &p.source }

// Profile is what was wanted, with defaults filled in.
func (p *Plan) Profile() *Profile { return &p.profile }

// Needs names the encoders and filters that ffmpeg must have been built with.
func (p *Plan) Needs() (codecs, filters []string) {
	if len(p.Video) > 0 {
		codecs, filters = append(codecs, p.coder().name), append(filters, "scale", "split", "trim")
	}
	if len(p.Video) > 0 && p.source.animated() {
		filters = append(filters, "lutrgb", "overlay", "tpad", "setpts")
	}
	if p.Deinterlace {
		filters = append(filters, "bwdif")
	}
	if p.ToneMap {
		filters = append(filters, "tonemap", "zscale")
	}
	for _, t := range p.Audio {
		if !t.Copy {
			codecs, filters = append(codecs, soundEncoders[p.profile.Audio]), append(filters, "aresample", "ebur128")
			break
		}
	}
	return codecs, filters
}
