package media_test

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"slices"
	"strings"
)

// ebml is an element; its size takes 8 bytes, so that it is easy to find and to
// replace.
func ebml(id uint32, parts ...[]byte) []byte {
	body := slices.Concat(parts...)
	return slices.Concat(ebmlID(id), binary.BigEndian.AppendUint64(nil, 1<<56|uint64(len(body))), body)
}

func ebmlID(id uint32) []byte {
	b := binary.BigEndian.AppendUint32(nil, id)
	for b[0] == 0 {
		b = b[1:]
	}
	return b
}

// claims is an element that says it has so many bytes.
func claims(id uint32, size uint64, parts ...[]byte) []byte {
	return slices.Concat(ebmlID(id), binary.BigEndian.AppendUint64(nil, 1<<56|size), slices.Concat(parts...))
}

// endlessly is an element that does not say where it ends.
func endlessly(id uint32, parts ...[]byte) []byte {
	return claims(id, 1<<56-1, parts...)
}

func number(id uint32, v uint64) []byte {
	return ebml(id, binary.BigEndian.AppendUint64(nil, v))
}

func float(id uint32, v float64) []byte {
	return ebml(id, binary.BigEndian.AppendUint64(nil, math.Float64bits(v)))
}

func text(id uint32, v string) []byte { return ebml(id, []byte(v)) }

// matroskaHead is the EBML header of a file of Matroska.
var matroskaHead = slices.Concat([]byte{0x1a, 0x45, 0xdf, 0xa3, 0x93}, []byte{0x42, 0x82, 0x88}, []byte("matroska"), []byte{0x42, 0x87, 0x81, 4, 0x42, 0x85, 0x81, 2})

// matroskaFile is a file of the elements in a segment.
func matroskaFile(parts ...[]byte) []byte {
	return slices.Concat(matroskaHead, ebml(0x18538067, parts...))
}

func info(scale uint64) []byte { return ebml(0x1549a966, number(0x2ad7b1, scale)) }

func tracks(entries ...[]byte) []byte { return ebml(0x1654ae6b, entries...) }

func trackEntry(num, kind uint64, codec string, private []byte, more ...[]byte) []byte {
	return ebml(0xae, number(0xd7, num), number(0x83, kind), text(0x86, codec), ebml(0x63a2, private), slices.Concat(more...))
}

func unhexed(s string) []byte {
	s = strings.ReplaceAll(s, " ", "")
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

// picture is track 1: H.264 of 64 by 48 pixels.
func picture(more ...[]byte) []byte {
	return trackEntry(1, 1, "V_MPEG4/ISO/AVC", unhexed(parameters), ebml(0xe0, number(0xb0, 64), number(0xba, 48)), slices.Concat(more...))
}

// sound is track 2, stereo.
func sound(codec string, private []byte, rate float64, more ...[]byte) []byte {
	return trackEntry(2, 2, codec, private, ebml(0xe1, float(0xb5, rate), number(0x9f, 2)), slices.Concat(more...))
}

var (
	aacConfig  = unhexed("1210") // LC, 44.1 kHz, stereo
	opusConfig = slices.Concat([]byte("OpusHead"), unhexed("0102380180bb0000000000"))
)

func cluster(stamp uint64, blocks ...[]byte) []byte {
	return ebml(0x1f43b675, number(0xe7, stamp), slices.Concat(blocks...))
}

func blockBody(track byte, rel int16, flags byte, payload []byte) []byte {
	return slices.Concat([]byte{0x80 | track, byte(uint16(rel) >> 8), byte(rel), flags}, payload)
}

func simple(track byte, rel int16, flags byte, payload ...byte) []byte {
	return ebml(0xa3, blockBody(track, rel, flags, payload))
}

const (
	isKey     = 0x80
	lacedXiph = 0x02
	lacedSame = 0x04
	lacedEBML = 0x06
)
