package transcode

import (
	"slices"
	"time"
)

// Source is what is known of a file that is to be transcoded.
type Source struct {
	Format    string        // as ffprobe names it, such as "matroska,webm"
	Duration  time.Duration // 0 where it is not known
	Size      int64         // bytes
	Video     *Video        // nil for sound alone
	Audio     []Audio
	Subtitles []Subtitle

	// Plays says that the packager plays the file as it lies.
	Plays bool
}

// Video is the picture that is presented.
type Video struct {
	Stream      int    // in the file, as ffmpeg counts
	Codec       string // as ffmpeg names it, such as "h264"
	Profile     string // as ffmpeg names it, such as "High"
	PixelFormat string // as ffmpeg names it, such as "yuv420p10le"
	Width       int    // as coded, in pixels
	Height      int
	Aspect      Ratio // of a pixel; zero is square
	Rotation    int   // clockwise, as it is to be displayed: 0, 90, 180 or 270 degrees
	Rate        Ratio // frames a second, on average; zero where it is not known
	Constant    bool  // frames are evenly spaced
	Interlaced  bool
	Reordered   bool          // some pictures show in another order than they are decoded
	Range       Range         // of brightness
	Bitrate     int64         // bits a second; 0 where it is not known
	Start       time.Duration // when its first frame shows
}

// Range is how brightness is coded.
type Range string

// The ranges of brightness.
const (
	SDR Range = "SDR"
	PQ  Range = "PQ"  // SMPTE ST 2084: HDR10, HDR10+, Dolby Vision
	HLG Range = "HLG" // ARIB STD-B67
)

// Audio is a stream of sound.
type Audio struct {
	Stream     int
	Codec      string // as ffmpeg names it
	Profile    string
	Channels   int
	SampleRate int    // Hz
	Language   string // BCP 47 or ISO 639-2; "" where it is not known
	Title      string // hostile text
	Default    bool
}

// Subtitle is a stream of subtitles.
type Subtitle struct {
	Stream   int
	Codec    string // as ffmpeg names it
	Language string
	Title    string
	Forced   bool
	Default  bool
}

// textSubtitles are codecs that ffmpeg makes WebVTT of; others are pictures.
var textSubtitles = []string{"ass", "mov_text", "ssa", "subrip", "subviewer", "text", "ttml", "webvtt"}

// Text reports whether it is written in letters, and not in pictures.
func (s *Subtitle) Text() bool { return slices.Contains(textSubtitles, s.Codec) }

// Display is the size of the picture as it is seen, on square pixels: neither is
// smaller than coded, but for the one that the shape of a pixel makes so.
func (v *Video) Display() (width, height int) {
	width, height = v.Width, v.Height
	if v.Aspect.positive() {
		width = v.Aspect.times(width)
	}
	if v.Rotation%180 != 0 {
		width, height = height, width
	}
	return width, height
}

// rate is how many frames there are a second; 0 where it is not known.
func (v *Video) rate() float64 { return v.Rate.Float() }
