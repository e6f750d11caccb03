package media

import (
	"encoding/binary"
	"math"

	"github.com/streamgate/streamgate/internal/problem"
)

// matroskaPicture is a Video element (RFC 9559 §5.1.4.1.28).
type matroskaPicture struct {
	width, height      uint64
	displayW, displayH uint64
	unit               uint64
	colour             []byte
	yaw, pitch, roll   float64 // of its projection, in degrees
}

func (t *matroskaTrack) videoEntry() (entry, error) {
	var kind, config string
	switch t.codec {
	case "V_MPEG4/ISO/AVC":
		kind, config = "avc1", "avcC"
	case "V_MPEGH/ISO/HEVC":
		kind, config = "hev1", "hvcC"
	case "V_AV1":
		if len(t.private) == 0 {
			return entry{}, nil // told by its first frame: see open
		}
		kind, config = "av01", "av1C"
	case "V_VP9":
		return entry{}, nil // told by its first frame: see open
	default:
		return entry{}, t.unsupported("video", "")
	}
	p := picture(t.video)
	parts := append(p.header(), makeBox(config, t.private)...)
	if len(t.dolby) > 8+4 {
		if parts = append(parts, t.dolby...); config == "hvcC" && t.dolby[8+2]>>1 == 5 { // no other decoder makes sense of that profile
			kind = "dvh1"
		}
	}
	return p.entry(kind, parts)
}

// vp9Entry is made of the header of a first frame and of what CodecPrivate and
// Colour say besides.
func (t *matroskaTrack) vp9Entry(frame []byte) (entry, error) {
	f, ok := vp9Header(frame)
	if !ok {
		return entry{}, problem.Errorf(ErrInvalid, "the first frame of track %d is not VP9", t.number)
	}
	p := picture(t.video)
	f.private(t.private)
	for _, b := range inners(colourBoxes(p.colour)) {
		if b.kind == "colr" {
			f.colours(b.body)
		}
	}
	rate := 0.0
	if t.natural > 0 {
		rate = nanoseconds / float64(t.natural)
	}
	f.leveled(int(min(p.width, math.MaxUint16)), int(min(p.height, math.MaxUint16)), rate)
	return p.entry("vp09", append(p.header(), f.box()...))
}

// entry is the sample entry after its header and configuration.
func (p *matroskaPicture) entry(kind string, parts []byte) (entry, error) {
	parts = append(parts, p.aspect()...)
	return videoEntry(kind, append(parts, colourBoxes(p.colour)...))
}

// dolbyVision is the configuration of Dolby Vision as a box, where a
// BlockAdditionMapping has one (RFC 9559 §5.1.4.1.17: its type is the box's name).
func dolbyVision(b []byte) []byte {
	var kind string
	var config []byte
	master(b, func(id uint32, body []byte) {
		switch id {
		case idAdditionType:
			switch ebmlUint(body) {
			case 0x64766343:
				kind = "dvcC"
			case 0x64767643:
				kind = "dvvC"
			}
		case idAdditionData:
			config = body
		}
	})
	if kind == "" || len(config) > 64 {
		return nil
	}
	return makeBox(kind, config)
}

func picture(b []byte) (p matroskaPicture) {
	master(b, func(id uint32, body []byte) {
		switch id {
		case idPixelWidth:
			p.width = ebmlUint(body)
		case idPixelHeight:
			p.height = ebmlUint(body)
		case idDisplayWidth:
			p.displayW = ebmlUint(body)
		case idDisplayHeight:
			p.displayH = ebmlUint(body)
		case idDisplayUnit:
			p.unit = ebmlUint(body)
		case idColour:
			p.colour = body
		case idProjection:
			p.project(body)
		}
	})
	return p
}

func (p *matroskaPicture) project(b []byte) {
	master(b, func(id uint32, body []byte) {
		switch id {
		case idProjectionYaw:
			p.yaw = ebmlFloat(body)
		case idProjectionPitch:
			p.pitch = ebmlFloat(body)
		case idProjectionRoll:
			p.roll = ebmlFloat(body)
		}
	})
}

// matrix turns the picture as its projection does (RFC 9559 §5.1.4.1.28.43): a
// roll is counterclockwise, and a yaw of half a turn mirrors it. What is no
// quarter of a turn is left to those who look around in it.
func (p *matroskaPicture) matrix() [9]int32 {
	m := upright
	quarters := p.roll / 90
	mirrored := math.Abs(p.yaw) == 180
	if p.pitch != 0 || p.yaw != 0 && !mirrored || quarters != math.Trunc(quarters) || math.Abs(quarters) > 4 {
		return m
	}
	sin, cos := [4]int32{0, 1, 0, -1}, [4]int32{1, 0, -1, 0}
	turn := (int(quarters) + 8) % 4 // counterclockwise
	m[0], m[1], m[3], m[4] = cos[turn]<<16, -sin[turn]<<16, sin[turn]<<16, cos[turn]<<16
	if mirrored {
		m[0], m[3] = -m[0], -m[3]
	}
	return m
}

// upright is the matrix of a picture that is shown as it is (ISO/IEC 14496-12
// §6.2.2).
var upright = [9]int32{1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30}

// header is that of a VisualSampleEntry (ISO/IEC 14496-12 §12.1.3).
func (p *matroskaPicture) header() []byte {
	h := make([]byte, visualHeader)
	h[7] = 1 // data reference
	binary.BigEndian.PutUint16(h[24:], uint16(min(p.width, math.MaxUint16)))
	binary.BigEndian.PutUint16(h[26:], uint16(min(p.height, math.MaxUint16)))
	binary.BigEndian.PutUint32(h[28:], 72<<16)
	binary.BigEndian.PutUint32(h[32:], 72<<16)
	h[41] = 1 // frames in a sample
	h[75], h[76], h[77] = 24, 0xff, 0xff
	return h
}

// aspect is the pasp box for a picture that is displayed in another shape than
// that of its pixels. Units other than pixels give a shape as well (RFC 9559
// §5.1.4.1.28.14), one that is not known (4) gives none.
func (p *matroskaPicture) aspect() []byte {
	const most = 1 << 24
	if p.displayW == 0 || p.displayH == 0 || p.unit > 3 || max(p.displayW, p.displayH, p.width, p.height) > most {
		return nil
	}
	h, v := int64(p.displayW*p.height), int64(p.displayH*p.width)
	d := gcd(h, v)
	if d == 0 || h/d > math.MaxUint32 || v/d > math.MaxUint32 || h == v {
		return nil
	}
	b := binary.BigEndian.AppendUint32(nil, uint32(h/d))
	return makeBox("pasp", binary.BigEndian.AppendUint32(b, uint32(v/d)))
}

// colourBoxes are what a Colour element (RFC 9559 §5.1.4.1.28.16) is in a
// sample entry: colr, and mdcv and clli of HDR.
func colourBoxes(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	primaries, transfer, matrix, full := uint64(2), uint64(2), uint64(2), byte(0)
	var light [2]uint64
	var out []byte
	master(b, func(id uint32, body []byte) {
		switch id {
		case idPrimaries:
			primaries = ebmlUint(body)
		case idTransfer:
			transfer = ebmlUint(body)
		case idMatrix:
			matrix = ebmlUint(body)
		case idRange:
			if ebmlUint(body) == 2 {
				full = 0x80
			}
		case idMaxCLL:
			light[0] = ebmlUint(body)
		case idMaxFALL:
			light[1] = ebmlUint(body)
		case idMastering:
			out = append(out, mastering(body)...)
		}
	})
	if primaries != 2 || transfer != 2 || matrix != 2 {
		out = append(out, makeBox("colr", []byte("nclx"), []byte{0, byte(primaries), 0, byte(transfer), 0, byte(matrix), full})...)
	}
	if light != [2]uint64{} {
		clli := binary.BigEndian.AppendUint16(nil, uint16(min(light[0], math.MaxUint16)))
		out = append(out, makeBox("clli", binary.BigEndian.AppendUint16(clli, uint16(min(light[1], math.MaxUint16))))...)
	}
	return out
}

// mastering is the mdcv box (ISO/IEC 14496-12 §12.1.5.3), whose primaries come
// in the order green, blue, red; nil where a number is missing.
func mastering(b []byte) []byte {
	var v [10]float64
	found := 0
	master(b, func(id uint32, body []byte) {
		if id >= idPrimaryRX && id <= idLuminanceMin {
			v[id-idPrimaryRX] = ebmlFloat(body)
			found |= 1 << (id - idPrimaryRX)
		}
	})
	if found != 1<<len(v)-1 {
		return nil
	}
	var out []byte
	for _, i := range []int{2, 3, 4, 5, 0, 1, 6, 7} {
		out = binary.BigEndian.AppendUint16(out, uint16(scaled(v[i], 50000, math.MaxUint16)))
	}
	for _, i := range []int{idLuminanceMax - idPrimaryRX, idLuminanceMin - idPrimaryRX} {
		out = binary.BigEndian.AppendUint32(out, uint32(scaled(v[i], 10000, math.MaxUint32)))
	}
	return makeBox("mdcv", out)
}

func scaled(v, by, most float64) float64 {
	if !(v > 0) {
		return 0
	}
	return math.Round(min(v*by, most))
}
