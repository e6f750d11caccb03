package transcode

import (
	"cmp"
	"slices"
	"time"

	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// Source is what is known of a file that is to be transcoded.
type Source struct {
	Format    string        // as ffprobe names it, such as "matroska,webm"
	Start     time.Duration // the earliest timestamp in the file, from which all others count here
	Duration  time.Duration // 0 where it is not known
	Video     *Video        // nil for sound alone
	Audio     []Audio
	Subtitles []Subtitle

	// Held is for how long the last picture of an animation (GIF, APNG) shows whose
	// pictures show for different times, else 0; and Again is how long before its end
	// that picture shows once more.
	Held, Again time.Duration

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
	Timed       bool          // it lies in a file of its own, which says when pictures show and the source does not: see Plan.RemuxTimedCommand
	Range       Range         // of brightness
	Matrix      string        // of colors, as ffmpeg names it, such as "bt709"; "" where the file does not tell
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

	// DolbyVision has a base layer in colors of its own (profile 5), which only players
	// that know it can show, and no filter of ffmpeg makes anything else of.
	DolbyVision Range = "Dolby Vision"
)

// Audio is a stream of sound.
type Audio struct {
	Stream     int
	ID         int    // of the track as which it plays, of a file that plays as it came; else 0
	Codec      string // as ffmpeg names it
	Profile    string
	Channels   int    // 0 where nothing decodes it
	SampleRate int    // Hz
	Language   string // BCP 47 or ISO 639-2; "" where it is not known
	Title      string // hostile text
	Default    bool
}

// Subtitle is a stream of subtitles.
type Subtitle struct {
	Stream   int
	Codec    string // as ffmpeg names it
	Text     bool   // it is written in letters; else in pictures
	Language string
	Title    string
	Forced   bool
	Default  bool
}

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

// SourceOf is what planning needs of what ffprobe tells. plays says that the packager
// plays the file as it lies. The picture is the first one that the file has by default,
// as the packager has it.
func SourceOf(f *ffmpeg.Source, plays bool) Source {
	s := Source{Format: f.Format, Start: f.Start, Duration: f.Duration, Plays: plays}
	at := slices.IndexFunc(f.Video, func(v ffmpeg.Video) bool { return v.Default })
	if len(f.Video) > 0 {
		s.Video = videoOf(&f.Video[max(at, 0)], f)
	}
	for _, a := range f.Audio {
		if a.Codec == "" {
			a.Channels = 0 // as the container has it: nothing decodes it
		}
		s.Audio = append(s.Audio, Audio{
			Stream: a.Index, Codec: cmp.Or(a.Codec, a.Tag), Profile: a.Profile, Channels: a.Channels, SampleRate: a.Rate,
			Language: a.Language, Title: a.Title, Default: a.Default,
		})
	}
	for _, t := range f.Subtitles {
		s.Subtitles = append(s.Subtitles, Subtitle{
			Stream: t.Index, Codec: t.Codec, Text: t.Text, Language: t.Language, Title: t.Title, Forced: t.Forced, Default: t.Default,
		})
	}
	return s
}

func videoOf(v *ffmpeg.Video, f *ffmpeg.Source) *Video {
	p := &Video{
		Stream: v.Index, Codec: cmp.Or(v.Codec, v.Tag), Profile: v.Profile, PixelFormat: v.PixelFormat, Width: v.Width, Height: v.Height,
		Aspect: Ratio{int64(v.SAR.Num), int64(v.SAR.Den)}, Rotation: v.Rotation, Interlaced: v.Interlaced, Reordered: v.BFrames > 0,
		Range: ranges[v.Color.HDR], Matrix: v.Color.Space, Bitrate: v.Bitrate, Start: v.Start - f.Start,
	}
	if d := v.Color.DolbyVision; d != nil && d.Compatibility == 0 {
		p.Range = DolbyVision
	}
	p.Rate, p.Constant = rateOf(v)
	if p.Bitrate == 0 && len(f.Audio) == 0 {
		p.Bitrate = f.Bitrate
	}
	return p
}

// rateOf is the rate of frames, and whether all of them keep it: the rate on whose grid
// they lie is then the average. Of interlaced pictures that may be the rate of fields.
func rateOf(v *ffmpeg.Video) (Ratio, bool) {
	grid, average := Ratio{int64(v.Rate.Num), int64(v.Rate.Den)}, Ratio{int64(v.AverageRate.Num), int64(v.AverageRate.Den)}
	if v.Interlaced && grid.positive() {
		if half := (Ratio{grid.Num, 2 * grid.Den}); half.near(average) {
			return half, true
		}
	}
	switch {
	case grid.near(average):
		return grid, true
	case !average.positive() || grid.positive() && grid.Float() < average.Float():
		average = grid // there cannot be more frames than times at which they could show
	}
	if average.Float() > maxFPS {
		return Ratio{}, false // it was guessed from a few frames
	}
	return average, false
}

var ranges = map[ffmpeg.HDR]Range{ffmpeg.SDR: SDR, ffmpeg.PQ: PQ, ffmpeg.HLG: HLG}
