package ffmpeg

import "time"

// A Source is what is in a file, as ffprobe tells it. What is not known is zero.
type Source struct {
	Format    string        // the demuxer, such as "matroska,webm"
	Start     time.Duration // the earliest timestamp
	Duration  time.Duration // of the longest stream; 0 if the file does not tell
	Bitrate   int64         // of all together, bit/s
	Video     []Video
	Audio     []Audio
	Subtitles []Subtitle
	Pictures  []Picture // covers
	Others    int       // streams of data, attachments, and what ffprobe has no name for
}

// A Stream is what all kinds have in common.
type Stream struct {
	Index    int    // in the file: -map 0:Index
	Codec    string // ffmpeg's name, such as "h264"; "" if it knows none
	Tag      string // the container's, such as "avc1"
	Profile  string // such as "High 4:2:2"
	Language string // as the file has it, such as "eng"; "" for und
	Title    string
	Start    time.Duration // its first timestamp
	Duration time.Duration // 0 if only the file's is known
	Bitrate  int64         // bit/s

	Default, Forced, HearingImpaired, VisualImpaired, Commentary bool // its disposition
}

// A Video is a stream of pictures.
type Video struct {
	Stream
	Width, Height int    // of the picture as stored, before SAR and rotation
	SAR           Ratio  // of a pixel, width to height; 1:1 if the file does not tell
	Rotation      int    // degrees clockwise that it is turned by for showing: 0, 90, 180, 270
	Mirrored      bool   // it is flipped left to right before that
	PixelFormat   string // such as "yuv420p10le"
	BitDepth      int    // of a component
	Level         int
	BFrames       int   // pictures that are reordered, at most
	Rate          Ratio // the lowest rate on which all timestamps lie: r_frame_rate
	AverageRate   Ratio // pictures by duration: avg_frame_rate
	Frames        int64 // as the container says
	FieldOrder    string
	Interlaced    bool // FieldOrder says so
	Captions      bool // closed captions within (CEA-608, CEA-708)
	Color         Color
}

// A Ratio of two numbers; 0:0 is not known.
type Ratio struct{ Num, Den int }

// Float returns the quotient, and 0 for what is not known.
func (r Ratio) Float() float64 {
	if r.Den == 0 {
		return 0
	}
	return float64(r.Num) / float64(r.Den)
}

// HDR is a kind of high dynamic range.
type HDR string

// The kinds, by the transfer function; SDR is everything else.
const (
	SDR HDR = ""
	PQ  HDR = "pq"  // SMPTE ST 2084: HDR10, HDR10+, most of Dolby Vision
	HLG HDR = "hlg" // ARIB STD-B67
)

// Color of pictures, by ffmpeg's names; "" is not told.
type Color struct {
	Range, Space, Primaries, Transfer string
	HDR                               HDR
	Mastering                         *Mastering   // SMPTE ST 2086; nil if not told
	MaxCLL, MaxFALL                   int          // cd/m² (CTA-861.3); 0 if not told
	DolbyVision                       *DolbyVision // nil if it is none
}

// Mastering is the display that the pictures were graded on.
type Mastering struct {
	Red, Green, Blue, White [2]float64 // CIE 1931 x and y
	Min, Max                float64    // cd/m²
}

// DolbyVision is the configuration record of a stream.
type DolbyVision struct {
	Profile, Level int
	// Compatibility is what the base layer is to who knows no Dolby Vision: 0
	// nothing, 1 HDR10, 2 SDR, 4 HLG.
	Compatibility int
	Enhancement   bool // there is an enhancement layer
}

// An Audio is a stream of sound.
type Audio struct {
	Stream
	Rate     int    // samples in a second
	Channels int    // number of them
	Layout   string // such as "5.1(side)"; "" if the file does not tell
	BitDepth int    // of a sample, where that says something
}

// A Subtitle is a stream of subtitles.
type Subtitle struct {
	Stream
	Text bool // text, which WebVTT can be made of; else pictures
}

// A Picture is a still one that belongs to the file, such as a cover.
type Picture struct {
	Stream
	Width, Height int
}
