package playcheck

import (
	"context"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
)

// stream is one audio or video stream as ffprobe sees it.
type stream struct {
	Index     int    `json:"index"`
	Type      string `json:"codec_type"`
	Codec     string `json:"codec_name"`
	Tag       string `json:"codec_tag_string"`
	Width     int    `json:"width"`
	Height    int    `json:"height"`
	Aspect    string `json:"sample_aspect_ratio"`
	TimeBase  string `json:"time_base"`
	Rate      string `json:"sample_rate"`
	Format    string `json:"sample_fmt"`
	Channels  int    `json:"channels"`
	Extradata string `json:"extradata_hash"`
	SideData  []struct {
		Rotation float64 `json:"rotation"`
		Matrix   string  `json:"displaymatrix"`
	} `json:"side_data_list"`
	Disposition struct {
		Picture int `json:"attached_pic"`
	} `json:"disposition"`

	packets []unit
}

// unit is a packet or a decoded frame: something that is there or missing.
type unit struct {
	at      float64 // presentation time in seconds
	key     string  // hash of its bytes
	samples int     // of decoded audio
	hidden  bool    // a packet that is decoded and not shown
	timed   bool    // it carries a time that counts
}

type packet struct {
	Stream int    `json:"stream_index"`
	PTS    *int64 `json:"pts"`
	Length int64  `json:"duration"`
	Flags  string `json:"flags"`
	Hash   string `json:"data_hash"`
}

// probed is what ffprobe says of an input.
type probed struct {
	streams    []*stream
	complaints []string
}

// probe lists the streams of a file or URL, and their packets in decode order.
func probe(ctx context.Context, dir, input string, more ...string) (*probed, error) {
	r := call(ctx, dir, "ffprobe", input, append(more, "-of", "json", "-show_data_hash", "md5", "-show_entries",
		"packet=stream_index,pts,duration,flags,data_hash:stream:stream_disposition:stream_side_data")...)
	if r.err != nil {
		return nil, r.err
	}
	var doc struct {
		Streams []*stream `json:"streams"`
		Packets []packet  `json:"packets"`
	}
	if err := json.Unmarshal(r.out, &doc); err != nil {
		return nil, fmt.Errorf("reading what ffprobe says of %s: %w", input, err)
	}
	byIndex := map[int]*stream{}
	p := &probed{complaints: r.complaints}
	for _, s := range doc.Streams {
		if (s.Type == "video" || s.Type == "audio") && s.Disposition.Picture == 0 {
			byIndex[s.Index] = s
			p.streams = append(p.streams, s)
		}
	}
	for _, pk := range doc.Packets {
		if s := byIndex[pk.Stream]; s != nil {
			s.packets = append(s.packets, s.unit(pk))
		}
	}
	return p, nil
}

// unit is a packet as something to look for. The edit list of a fragmented file
// only moves its times in ffprobe: what ends before the presentation begins is
// not presented though it is not marked so.
func (s *stream) unit(pk packet) unit {
	u := unit{key: pk.Hash, hidden: strings.Contains(pk.Flags, "D")}
	if pk.PTS != nil {
		u.at, u.timed = float64(*pk.PTS)*s.tick(), true
		u.hidden = u.hidden || *pk.PTS < 0 && *pk.PTS+pk.Length <= 0
		u.timed = *pk.PTS >= 0 // the edit list cuts it in two: its rest is shown at 0
	}
	return u
}

// tick is the length of the stream's tick in seconds.
func (s *stream) tick() float64 { return ratio(s.TimeBase, 1) }

// matrix is how the picture is turned and mirrored for display, as ffprobe
// prints it; "" where it is not.
func (s *stream) matrix() string {
	for _, d := range s.SideData {
		if d.Matrix != "" {
			return strings.Join(strings.Fields(d.Matrix), " ")
		}
	}
	return ""
}

// rotated says whether the picture is shown lying on its side.
func (s *stream) rotated() bool {
	for _, d := range s.SideData {
		if r := int(d.Rotation); d.Matrix != "" && r%180 != 0 && r%90 == 0 {
			return true
		}
	}
	return false
}

// aspect is the shape of a pixel; what is not known counts as square.
func (s *stream) aspect() float64 { return ratio(strings.Replace(s.Aspect, ":", "/", 1), 1) }

// display is the size of the picture as it is shown, in square pixels.
func (s *stream) display() (width, height float64) {
	width, height = float64(s.Width)*s.aspect(), float64(s.Height)
	if s.rotated() {
		width, height = height, width
	}
	return width, height
}

// ratio reads "a/b"; what is no positive number becomes otherwise.
func ratio(s string, otherwise float64) float64 {
	r, ok := new(big.Rat).SetString(s)
	if !ok || r.Sign() <= 0 {
		return otherwise
	}
	f, _ := r.Float64()
	return f
}
