package media

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"strings"

	"github.com/streamgate/streamgate/internal/problem"
)

// avcCodec is profile, constraints and level (RFC 6381 §3.3).
func avcCodec(kind string, avcC []byte) (string, error) {
	if _, sound := avcParameters(avcC); !sound {
		return "", problem.Errorf(ErrInvalid, "the H.264 configuration (avcC) is missing or broken")
	}
	return fmt.Sprintf("%s.%02x%02x%02x", kind, avcC[1], avcC[2], avcC[3]), nil
}

// avcParameters reports whether avcC holds a sequence and a picture parameter
// set, and whether it is made as it should be (ISO/IEC 14496-15 §5.3.3).
func avcParameters(avcC []byte) (held, sound bool) {
	if len(avcC) < 7 {
		return false, false
	}
	sequences, rest := int(avcC[5]&31), avcC[6:]
	if rest, sound = skipUnits(rest, sequences); !sound || len(rest) < 1 {
		return false, false
	}
	pictures := int(rest[0])
	_, sound = skipUnits(rest[1:], pictures)
	return sound && sequences > 0 && pictures > 0, sound
}

// skipUnits skips n NAL units, each after its length in 16 bits. None of them
// may be empty.
func skipUnits(b []byte, n int) (rest []byte, sound bool) {
	for range n {
		if len(b) < 2 {
			return nil, false
		}
		size := 2 + int(binary.BigEndian.Uint16(b))
		if size == 2 || size > len(b) {
			return nil, false
		}
		b = b[size:]
	}
	return b, true
}

// hevcCodec is profile space, profile, compatibility, tier, level and
// constraints (ISO/IEC 14496-15 annex E).
func hevcCodec(kind string, hvcC []byte) (string, error) {
	if _, sound := hevcParameters(hvcC); !sound {
		return "", problem.Errorf(ErrInvalid, "the HEVC configuration (hvcC) is missing or broken")
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s.", kind)
	if space := hvcC[1] >> 6; space > 0 {
		b.WriteByte('A' + space - 1)
	}
	tier := "L"
	if hvcC[1]&0x20 != 0 {
		tier = "H"
	}
	fmt.Fprintf(&b, "%d.%X.%s%d", hvcC[1]&31, bits.Reverse32(binary.BigEndian.Uint32(hvcC[2:])), tier, hvcC[12])
	constraints := hvcC[6:12]
	for len(constraints) > 0 && constraints[len(constraints)-1] == 0 {
		constraints = constraints[:len(constraints)-1]
	}
	for _, c := range constraints {
		fmt.Fprintf(&b, ".%X", c)
	}
	return b.String(), nil
}

// hevcParameters reports whether hvcC holds a video, a sequence and a picture
// parameter set, and whether it is made as it should be (ISO/IEC 14496-15 §8.3.3).
func hevcParameters(hvcC []byte) (held, sound bool) {
	if len(hvcC) < 23 {
		return false, false
	}
	found := map[byte]bool{}
	rest := hvcC[23:]
	for range hvcC[22] {
		if len(rest) < 3 {
			return false, false
		}
		kind, count := rest[0]&63, int(binary.BigEndian.Uint16(rest[1:]))
		if rest, sound = skipUnits(rest[3:], count); !sound {
			return false, false
		}
		found[kind] = found[kind] || count > 0
	}
	return found[32] && found[33] && found[34], true
}

// dolbyVisionCodec is profile and level ("Dolby Vision Streams Within the HTTP
// Live Streaming Format").
func dolbyVisionCodec(kind string, boxes map[string][]byte) (string, error) {
	config, ok := dolbyOf(boxes)
	if _, sound := hevcParameters(boxes["hvcC"]); !ok || !sound {
		return "", problem.Errorf(ErrInvalid, "the Dolby Vision configuration is missing or too short")
	}
	return fmt.Sprintf("%s.%02d.%02d", kind, config.profile, config.level), nil
}

// av1Codec is profile, level, tier and depth ("AV1 Codec ISO Media File Format
// Binding" §5).
func av1Codec(av1C []byte) (string, error) {
	if len(av1C) < 4 {
		return "", problem.Errorf(ErrInvalid, "the AV1 configuration (av1C) is missing or too short")
	}
	profile, level := av1C[1]>>5, av1C[1]&31
	tier, depth := "M", 8
	if av1C[2]&0x80 != 0 {
		tier = "H"
	}
	if av1C[2]&0x40 != 0 {
		depth = 10
		if profile == 2 && av1C[2]&0x20 != 0 {
			depth = 12
		}
	}
	return fmt.Sprintf("av01.%d.%02d%s.%02d", profile, level, tier, depth), nil
}
