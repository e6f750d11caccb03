package ffmpeg

import (
	"encoding/json"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

func (p *probeStream) video(base Stream) Video {
	v := Video{
		Stream: base, Width: p.Width.int(), Height: p.Height.int(), SAR: parseRatio(p.SAR),
		PixelFormat: p.PixelFormat, Level: p.Level.int(), BFrames: p.BFrames.int(),
		Rate: parseRatio(p.Rate), AverageRate: parseRatio(p.AverageRate), Frames: p.Frames.int64(),
		Captions: p.Captions.int() == 1,
	}
	if v.SAR == (Ratio{}) {
		v.SAR = Ratio{1, 1}
	}
	if v.BitDepth = p.RawBits.int(); v.BitDepth == 0 {
		v.BitDepth = depthOf(v.PixelFormat)
	}
	v.setFields(p.FieldOrder)
	v.Color.set(p.Range, p.Space, p.Primaries, p.Transfer)
	v.Rotation, v.Mirrored = turn(p.SideDataList, p.tag("rotate"))
	for i := range p.SideDataList {
		v.Color.read(&p.SideDataList[i])
	}
	return v
}

func (v *Video) setFields(order string) {
	if order == "unknown" {
		order = ""
	}
	v.FieldOrder = order
	v.Interlaced = slices.Contains([]string{"tt", "bb", "tb", "bt"}, order)
}

// deep are the names of pixel formats that say how many bits a component has.
var deep = regexp.MustCompile(`(?:p|gray|rgb|gbrp|p0|x2rgb|x2bgr|y2|nv20|xv)(9|10|12|14|16|30|36|48)(?:le|be)$`)

// depthOf tells the bits of a component by the name of the format; 0 without one.
func depthOf(format string) int {
	if format == "" {
		return 0
	}
	m := deep.FindStringSubmatch(format)
	if m == nil {
		return 8
	}
	n, _ := strconv.Atoi(m[1]) // digits alone match
	switch n {
	case 30, 36, 48:
		return n / 3
	}
	return n
}

// set takes names, of which some say that nothing is known.
func (c *Color) set(rng, space, primaries, transfer string) {
	for _, f := range []struct {
		to   *string
		from string
	}{{&c.Range, rng}, {&c.Space, space}, {&c.Primaries, primaries}, {&c.Transfer, transfer}} {
		if f.from != "" && f.from != "unknown" && f.from != "unspecified" && f.from != "reserved" && *f.to == "" {
			*f.to = f.from
		}
	}
	switch c.Transfer {
	case "smpte2084":
		c.HDR = PQ
	case "arib-std-b67":
		c.HDR = HLG
	}
}

// read takes what side data says of color.
func (c *Color) read(d *probeSideData) {
	switch d.Type {
	case "Mastering display metadata":
		m := &Mastering{
			Red: [2]float64{quotient(d.RedX), quotient(d.RedY)}, Green: [2]float64{quotient(d.GreenX), quotient(d.GreenY)},
			Blue: [2]float64{quotient(d.BlueX), quotient(d.BlueY)}, White: [2]float64{quotient(d.WhiteX), quotient(d.WhiteY)},
			Min: quotient(d.Min), Max: quotient(d.Max),
		}
		if *m != (Mastering{}) {
			c.Mastering = m
		}
	case "Content light level metadata":
		c.MaxCLL, c.MaxFALL = d.MaxCLL.int(), d.MaxFALL.int()
	case "DOVI configuration record":
		c.DolbyVision = &DolbyVision{
			Profile: d.Profile.int(), Level: d.Level.int(),
			Compatibility: d.Compatibility.int(), Enhancement: d.Enhancement.int() == 1,
		}
		if c.DolbyVision.Profile == 5 {
			c.HDR = PQ // whose bitstream does not say so
		}
	}
}

// turn tells how a picture is turned, by the display matrix, or by the tag that
// older releases made of it.
func turn(side []probeSideData, tag string) (rotation int, mirrored bool) {
	for i := range side {
		if side[i].Type != "Display Matrix" {
			continue
		}
		if m, ok := matrix(side[i].Matrix); ok {
			return turnOf(m)
		}
		f, _ := strconv.ParseFloat(string(side[i].Rotation), 64) // what is no number turns nothing
		return quarter(-f), false                                // it counts anticlockwise
	}
	f, _ := strconv.ParseFloat(tag, 64)
	return quarter(f), false
}

// matrix reads a b c d of the matrix that ffprobe prints in three lines with their
// numbers, "00000000: 0 65536 0".
func matrix(s string) (m [4]float64, ok bool) {
	var all []float64
	for line := range strings.Lines(s) {
		_, row, found := strings.Cut(line, ":")
		if !found {
			continue
		}
		for word := range strings.FieldsSeq(row) {
			f, err := strconv.ParseFloat(word, 64)
			if err != nil {
				return m, false
			}
			all = append(all, f)
		}
	}
	if len(all) != 9 {
		return m, false
	}
	return [4]float64{all[0], all[1], all[3], all[4]}, true
}

// turnOf takes a matrix apart into a flip and, after it, a turn (ISO/IEC 14496-12,
// 6.2.2: rows are where the axes go, and y points down).
func turnOf(m [4]float64) (rotation int, mirrored bool) {
	if m[0]*m[3]-m[1]*m[2] < 0 {
		m[0], m[1] = -m[0], -m[1]
		mirrored = true
	}
	return quarter(math.Atan2(m[1], m[0]) * 180 / math.Pi), mirrored
}

// quarter rounds degrees to quarter turns, clockwise.
func quarter(degrees float64) int {
	if math.IsNaN(degrees) || math.IsInf(degrees, 0) {
		return 0
	}
	q := int(math.Round(math.Mod(degrees, 360) / 90))
	return (q%4 + 4) % 4 * 90
}

// vague says whether a look at a picture may tell more.
func (v *Video) vague() bool {
	if v.Codec == "" {
		return false
	}
	return v.FieldOrder == "" || v.Color.HDR == PQ && v.Color.Mastering == nil && v.Color.DolbyVision == nil
}

// refineVideo takes from a picture what the stream did not tell.
func refineVideo(v *Video, report []byte) {
	var p probeReport
	if json.Unmarshal(report, &p) != nil || len(p.Frames) == 0 {
		return
	}
	f := &p.Frames[0]
	v.Color.set(f.Range, f.Space, f.Primaries, f.Transfer)
	for i := range f.SideDataList {
		v.Color.read(&f.SideDataList[i])
	}
	if v.FieldOrder != "" {
		return
	}
	switch {
	case f.Interlaced == "":
	case f.Interlaced.int() == 0:
		v.setFields("progressive")
	case f.TopFirst.int() == 1:
		v.setFields("tt")
	default:
		v.setFields("bb")
	}
}
