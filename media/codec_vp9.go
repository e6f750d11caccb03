package media

import (
	"encoding/binary"
	"fmt"

	"github.com/streamgate/streamgate/internal/problem"
)

// vp9Config is what a VPCodecConfigurationRecord says ("VP Codec ISO Media File
// Format Binding", version 1).
type vp9Config struct {
	profile, level, depth       int
	chroma                      int // 0 and 1 are 4:2:0, 2 is 4:2:2, 3 is 4:4:4
	full                        bool
	primaries, transfer, matrix byte
}

// unspecified is what a colour description has for what it does not tell.
const unspecified = 2

// vp9Record reads a vpcC box, also as the draft of the format had it (version 0),
// which wrote colours in numbers of its own.
func vp9Record(b []byte) (c vp9Config, ok bool) {
	const draft, header = 0, 4
	if len(b) < header+4 {
		return c, false
	}
	version, b := b[0], b[header:]
	c = vp9Config{profile: int(b[0]), level: int(b[1]), depth: int(b[2] >> 4), primaries: unspecified, transfer: unspecified, matrix: unspecified}
	if version == draft {
		c.chroma, c.full = int(b[3]>>4), b[3]&1 != 0
		return c, c.sound()
	}
	if len(b) < 6 {
		return c, false
	}
	c.chroma, c.full = int(b[2]>>1&7), b[2]&1 != 0
	c.primaries, c.transfer, c.matrix = b[3], b[4], b[5]
	return c, c.sound()
}

func (c *vp9Config) sound() bool {
	return c.profile <= 3 && (c.depth == 8 || c.depth == 10 || c.depth == 12) && c.chroma <= 3
}

// box is the vpcC box in the version that players read.
func (c *vp9Config) box() []byte {
	packed := byte(c.depth<<4 | c.chroma<<1)
	if c.full {
		packed |= 1
	}
	return makeBox("vpcC", []byte{1, 0, 0, 0, byte(c.profile), byte(c.level), packed, c.primaries, c.transfer, c.matrix, 0, 0})
}

func (c *vp9Config) codec() string {
	return fmt.Sprintf("vp09.%02d.%02d.%02d", c.profile, c.level, c.depth)
}

// vp9Levels are by the samples of luma a second and in a picture ("VP9 Levels").
var vp9Levels = []struct {
	level         int
	rate, picture float64
}{
	{10, 829440, 36864},
	{11, 2764800, 73728},
	{20, 4608000, 122880},
	{21, 9216000, 245760},
	{30, 20736000, 552960},
	{31, 36864000, 983040},
	{40, 83558400, 2228224},
	{41, 160432128, 2228224},
	{50, 311951360, 8912896},
	{51, 588251136, 8912896},
	{52, 1176502272, 8912896},
	{60, 1176502272, 35651584},
	{61, 2353004544, 35651584},
	{62, 4706009088, 35651584},
}

// leveled gives the level that a picture of that size and rate needs where none
// is told, or one that does not exist: players ask no decoder for it then.
func (c *vp9Config) leveled(width, height int, rate float64) {
	const usual = 30 // frames a second, where that is not known
	if rate <= 0 {
		rate = usual
	}
	picture := float64(width) * float64(height)
	needed := 0
	for _, l := range vp9Levels {
		if l.level == c.level {
			return
		}
		if needed == 0 && picture <= l.picture && picture*rate <= l.rate {
			needed = l.level
		}
	}
	if c.level = needed; needed == 0 {
		c.level = vp9Levels[len(vp9Levels)-1].level
	}
}

// vp9 makes a vpcC box what players read: version 1, with a level. One that is
// broken is left alone.
func (e *entry) vp9(b inner) inner {
	if c, ok := vp9Record(b.body); ok {
		c.leveled(e.width, e.height, 0)
		b.all = c.box()
		b.body = b.all[8:]
	}
	return b
}

func vp9Codec(vpcC []byte) (string, error) {
	c, ok := vp9Record(vpcC)
	if !ok {
		return "", problem.Errorf(ErrInvalid, "the VP9 configuration (vpcC) is missing or broken")
	}
	return c.codec(), nil
}

// vp9Frame is what the header of a frame says ("VP9 Bitstream & Decoding Process
// Specification" §6.2).
type vp9Frame struct {
	vp9Config
	key           bool
	width, height int
}

// vp9Header reads the uncompressed header that a sample begins with. Of frames
// that are no key frames only the profile is known.
func vp9Header(b []byte) (f vp9Frame, ok bool) {
	const sync = 0x498342
	r := bitReader{b: b[:min(len(b), 32)]}
	if r.read(2) != 2 { // frame_marker
		return f, false
	}
	f.vp9Config = vp9Config{depth: 8, primaries: unspecified, transfer: unspecified, matrix: unspecified, chroma: 1}
	f.profile = r.read(1) | r.read(1)<<1
	if f.profile == 3 && r.read(1) != 0 {
		return f, false
	}
	if f.profile >= 2 {
		f.depth = 10
	}
	if f.profile == 1 || f.profile == 3 {
		f.chroma = 3
	}
	if r.flag() { // show_existing_frame
		return f, !r.over
	}
	f.key = r.read(1) == 0
	r.skip(2) // show_frame, error_resilient_mode
	if !f.key {
		return f, !r.over
	}
	if r.read(24) != sync {
		return f, false
	}
	f.color(&r)
	f.width, f.height = r.read(16)+1, r.read(16)+1
	return f, !r.over
}

// color reads color_config (§6.2.2).
func (f *vp9Frame) color(r *bitReader) {
	const rgb = 7
	if f.profile >= 2 && r.flag() {
		f.depth = 12
	}
	if r.read(3) == rgb {
		f.full, f.chroma = true, 3
		return
	}
	f.full = r.flag()
	if f.profile == 1 || f.profile == 3 {
		across, down := r.flag(), r.flag()
		switch r.skip(1); {
		case across && down:
			f.chroma = 1
		case across:
			f.chroma = 2
		}
		return
	}
}

// vp9Private reads the CodecPrivate of Matroska, a list of features after their
// number and length ("VP9 Codec Mapping" of WebM), over what a frame says.
func (c *vp9Config) private(b []byte) {
	for len(b) > 2 && b[1] == 1 {
		switch v := int(b[2]); b[0] {
		case 1:
			c.profile = v
		case 2:
			c.level = v
		case 3:
			c.depth = v
		case 4:
			c.chroma = v
		}
		b = b[3:]
	}
}

// colours takes the description of a colr box (nclx).
func (c *vp9Config) colours(colr []byte) {
	if len(colr) < 11 || string(colr[:4]) != "nclx" {
		return
	}
	c.primaries, c.transfer, c.matrix = colr[5], colr[7], colr[9]
	c.full = c.full || colr[10]&0x80 != 0
}

// vp9Look is what vpcC tells of how the video is to be shown.
func vp9Look(vpcC []byte) look {
	if c, ok := vp9Record(vpcC); ok && c.transfer != unspecified {
		return look{transfer: uint16(c.transfer)}
	}
	return look{}
}

// vp9Static are the boxes in which files of WebM's tools keep the light levels of
// HDR, made those of ISO: SmDm in mdcv and CoLL in clli.
func vp9Static(kind string, body []byte) []byte {
	switch {
	case kind == "CoLL" && len(body) >= 8:
		return makeBox("clli", body[4:8])
	case kind == "SmDm" && len(body) >= 28:
		b := body[4:]
		var out []byte
		for _, at := range []int{4, 8, 0, 12} { // green, blue, red and white: red comes first in SmDm
			for i := range 2 {
				v := uint64(binary.BigEndian.Uint16(b[at+2*i:]))*50000 + 1<<15
				v >>= 16
				out = binary.BigEndian.AppendUint16(out, uint16(v))
			}
		}
		out = binary.BigEndian.AppendUint32(out, uint32(uint64(binary.BigEndian.Uint32(b[16:]))*10000>>8))
		out = binary.BigEndian.AppendUint32(out, uint32(uint64(binary.BigEndian.Uint32(b[20:]))*10000>>14))
		return makeBox("mdcv", out)
	}
	return nil
}
