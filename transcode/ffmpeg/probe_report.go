package ffmpeg

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
)

// A probeReport is the JSON of ffprobe, as far as it is of use. Numbers come with
// and without quotes, by field and release.
type probeReport struct {
	Streams []probeStream `json:"streams"`
	Frames  []probeFrame  `json:"frames"`
	Format  struct {
		Name     string `json:"format_name"`
		Start    scalar `json:"start_time"`
		Duration scalar `json:"duration"`
		Bitrate  scalar `json:"bit_rate"`
	} `json:"format"`
}

type probeStream struct {
	Index        scalar            `json:"index"`
	ID           string            `json:"id"` // such as "0x101"
	Type         string            `json:"codec_type"`
	Codec        string            `json:"codec_name"`
	Tag          string            `json:"codec_tag_string"`
	TagNumber    string            `json:"codec_tag"` // such as "0x002d"
	Profile      scalar            `json:"profile"`
	Level        scalar            `json:"level"`
	Width        scalar            `json:"width"`
	Height       scalar            `json:"height"`
	SAR          string            `json:"sample_aspect_ratio"`
	PixelFormat  string            `json:"pix_fmt"`
	BFrames      scalar            `json:"has_b_frames"`
	Rate         string            `json:"r_frame_rate"`
	AverageRate  string            `json:"avg_frame_rate"`
	FieldOrder   string            `json:"field_order"`
	Captions     scalar            `json:"closed_captions"`
	Range        string            `json:"color_range"`
	Space        string            `json:"color_space"`
	Transfer     string            `json:"color_transfer"`
	Primaries    string            `json:"color_primaries"`
	SampleRate   scalar            `json:"sample_rate"`
	Channels     scalar            `json:"channels"`
	Layout       string            `json:"channel_layout"`
	SampleBits   scalar            `json:"bits_per_sample"`
	RawBits      scalar            `json:"bits_per_raw_sample"`
	Start        scalar            `json:"start_time"`
	Duration     scalar            `json:"duration"`
	Bitrate      scalar            `json:"bit_rate"`
	Frames       scalar            `json:"nb_frames"`
	Disposition  map[string]scalar `json:"disposition"`
	Tags         map[string]string `json:"tags"`
	SideDataList []probeSideData   `json:"side_data_list"`
}

// A probeFrame is a picture that was decoded.
type probeFrame struct {
	Interlaced   scalar          `json:"interlaced_frame"`
	TopFirst     scalar          `json:"top_field_first"`
	Range        string          `json:"color_range"`
	Space        string          `json:"color_space"`
	Transfer     string          `json:"color_transfer"`
	Primaries    string          `json:"color_primaries"`
	SideDataList []probeSideData `json:"side_data_list"`
}

// probeSideData has the fields of all types of side data.
type probeSideData struct {
	Type     string `json:"side_data_type"`
	Matrix   string `json:"displaymatrix"`
	Rotation scalar `json:"rotation"`

	RedX   string `json:"red_x"`
	RedY   string `json:"red_y"`
	GreenX string `json:"green_x"`
	GreenY string `json:"green_y"`
	BlueX  string `json:"blue_x"`
	BlueY  string `json:"blue_y"`
	WhiteX string `json:"white_point_x"`
	WhiteY string `json:"white_point_y"`
	Min    string `json:"min_luminance"`
	Max    string `json:"max_luminance"`

	MaxCLL  scalar `json:"max_content"`
	MaxFALL scalar `json:"max_average"`

	Profile       scalar `json:"dv_profile"`
	Level         scalar `json:"dv_level"`
	Enhancement   scalar `json:"el_present_flag"`
	Compatibility scalar `json:"dv_bl_signal_compatibility_id"`
}

// A scalar is a number or a string, as text.
type scalar string

// UnmarshalJSON takes both, and nothing from what is neither.
func (s *scalar) UnmarshalJSON(b []byte) error {
	*s = ""
	var text string
	var number json.Number
	if json.Unmarshal(b, &text) == nil {
		*s = scalar(text)
	} else if json.Unmarshal(b, &number) == nil {
		*s = scalar(number)
	}
	return nil
}

// int is 0 for what is no whole number that is not negative.
func (s scalar) int() int { return int(s.int64()) }

func (s scalar) int64() int64 {
	n, err := strconv.ParseInt(string(s), 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// longestTime is what a timestamp may be, forwards and backwards: more than any
// film, and far from where sums of durations overflow.
const longestTime = 1e8 // seconds

// seconds is 0 for N/A.
func (s scalar) seconds() time.Duration {
	f, err := strconv.ParseFloat(string(s), 64)
	if err != nil || math.IsNaN(f) {
		return 0
	}
	f = min(max(f, -longestTime), longestTime)
	return time.Duration(math.Round(f*1e6)) * time.Microsecond
}

// parseRatio reads "30000/1001" and "16:11"; what has a zero is not known.
func parseRatio(s string) Ratio {
	num, den, ok := strings.Cut(strings.Replace(s, ":", "/", 1), "/")
	if !ok {
		return Ratio{}
	}
	n, err1 := strconv.ParseInt(num, 10, 32)
	d, err2 := strconv.ParseInt(den, 10, 32)
	if err1 != nil || err2 != nil || n <= 0 || d <= 0 {
		return Ratio{}
	}
	return Ratio{int(n), int(d)}
}

// quotient is that of "34000/50000", and 0 for what is none.
func quotient(s string) float64 { return parseRatio(s).Float() }
