package mpegts

import (
	"encoding/binary"
	"fmt"
)

// nals is how NAL units of a video codec are told apart.
type nals struct {
	delimiter []byte // begins an access unit, with its start code
	head      int    // bytes that tell what a unit is
	role      func(head []byte) role
}

// role is what is done with a NAL unit.
type role int

const (
	keep    role = iota
	picture      // a coded slice: no parameter set for it comes later
	set          // a sequence parameter set: the sample has its own
	leave        // nothing of it is written
)

// startCode is that of a byte stream (ITU-T H.264 annex B, H.265 annex B), as
// long as the length that it mostly takes the place of.
var startCode = []byte{0, 0, 0, 1}

// avc writes H.264 (ITU-T H.264 §7.4.1). The delimiter says nothing of the types
// of slices that follow.
var avc = nals{
	delimiter: []byte{0, 0, 0, 1, 9, 0xf0},
	head:      1,
	role: func(head []byte) role {
		switch head[0] & 31 {
		case 1, 2, 5:
			return picture
		case 7:
			return set
		case 9: // a delimiter: there is ours
			return leave
		}
		return keep
	},
}

// hevc writes HEVC (ITU-T H.265 §7.4.2.2). Layers other than the base, such as
// that of another eye, would need a stream of their own.
var hevc = nals{
	delimiter: []byte{0, 0, 0, 1, 0x46, 1, 0x50},
	head:      2,
	role: func(head []byte) role {
		kind, layer := head[0]>>1&63, head[0]&1<<5|head[1]>>3
		switch {
		case layer != 0, kind == 35:
			return leave
		case kind < 32:
			return picture
		case kind == 33:
			return set
		}
		return keep
	},
}

// avcSets returns the parameter sets of avcC as a byte stream (ISO/IEC 14496-15
// §5.3.3), and how many bytes the lengths of NAL units have.
func avcSets(avcC []byte) (sets []byte, nalBytes int, err error) {
	if len(avcC) < 7 {
		return nil, 0, errConfig
	}
	nalBytes = int(avcC[4]&3) + 1
	sets, rest, ok := appendUnits(nil, avcC[6:], int(avcC[5]&31))
	if !ok || len(rest) < 1 {
		return nil, 0, errConfig
	}
	sets, rest, ok = appendUnits(sets, rest[1:], int(rest[0]))
	if !ok {
		return nil, 0, errConfig
	}
	switch avcC[1] {
	case 66, 77, 88: // have nothing more
	default:
		if len(rest) >= 4 {
			if more, _, ok := appendUnits(sets, rest[4:], int(rest[3])); ok { // extensions of sequence parameter sets
				sets = more
			}
		}
	}
	return sets, nalBytes, nil
}

// hevcSets is avcSets for hvcC (ISO/IEC 14496-15 §8.3.3): the arrays of parameter
// sets, in the order in which they stand.
func hevcSets(hvcC []byte) (sets []byte, nalBytes int, err error) {
	if len(hvcC) < 23 {
		return nil, 0, errConfig
	}
	rest := hvcC[23:]
	for range hvcC[22] {
		if len(rest) < 3 {
			return nil, 0, errConfig
		}
		kind := rest[0] & 63
		all, left, ok := appendUnits(sets, rest[3:], int(binary.BigEndian.Uint16(rest[1:])))
		if !ok {
			return nil, 0, errConfig
		}
		if rest = left; kind >= 32 && kind <= 34 {
			sets = all
		}
	}
	return sets, int(hvcC[21]&3) + 1, nil
}

var errConfig = fmt.Errorf("its configuration is broken")

// appendUnits appends n NAL units of b, each after its length in 16 bits.
func appendUnits(dst, b []byte, n int) (sets, rest []byte, ok bool) {
	for range n {
		if len(b) < 2 {
			return dst, b, false
		}
		size := int(binary.BigEndian.Uint16(b))
		if size > len(b)-2 {
			return dst, b, false
		}
		dst = append(append(dst, startCode...), b[2:2+size]...)
		b = b[2+size:]
	}
	return dst, b, true
}
