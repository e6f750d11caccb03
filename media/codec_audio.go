package media

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/streamgate/streamgate/internal/problem"
)

func configError(what string) error {
	return problem.Errorf(ErrInvalid, "the %s configuration is missing or too short", what)
}

// floatHz reads a 64-bit float that a sample rate should be.
func floatHz(b []byte) float64 {
	f := math.Float64frombits(binary.BigEndian.Uint64(b))
	if !(f >= 1 && f <= 1<<20) {
		return 0
	}
	return f
}

// ac3 reads dac3 (ETSI TS 102 366 annex F.4).
func (e *entry) ac3(b []byte) error {
	if len(b) < 3 {
		return configError("AC-3")
	}
	v := uint32(b[0])<<16 | uint32(b[1])<<8 | uint32(b[2])
	e.codec = "ac-3"
	e.channels = dolbyChannels[v>>11&7] + int(v>>10&1)
	if rate := [4]int{48000, 44100, 32000, 0}[v>>22]; rate != 0 {
		e.sampleRate = rate
	}
	return nil
}

// eac3 reads the first independent substream of dec3 (ETSI TS 102 366 annex F.6),
// and whether objects are in it (ETSI TS 103 420 §8.3: flag_ec3_extension_type_a
// and complexity_index_type_a).
func (e *entry) eac3(b []byte) error {
	if len(b) < 5 {
		return configError("E-AC-3")
	}
	e.codec = "ec-3"
	e.channels = dolbyChannels[b[3]>>1&7] + int(b[3]&1)
	if rate := [4]int{48000, 44100, 32000, 0}[b[2]>>6]; rate != 0 {
		e.sampleRate = rate
	}
	r := bitReader{b: b}
	r.skip(13)
	for range r.read(3) + 1 {
		r.skip(2 + 5 + 1 + 1 + 3 + 3 + 1 + 3)
		if r.read(4) > 0 {
			r.skip(9)
		} else {
			r.skip(1)
		}
	}
	if r.skip(7); r.flag() {
		if n := r.read(8); !r.over && n <= maxObjects {
			e.objects = n
		}
	}
	return nil
}

// maxObjects is the most that a complexity index may be (ETSI TS 103 420 §8.3.2).
const maxObjects = 16

// full-bandwidth channels by acmod (ETSI TS 102 366 table 4.3)
var dolbyChannels = [8]int{2, 1, 2, 3, 3, 4, 4, 5}

// opus reads dOps ("Encapsulation of Opus in ISO Base Media File Format" §4.3.2).
// A decoder is right after 80 ms (RFC 7845 §4.6).
func (e *entry) opus(b []byte) error {
	if len(b) < 11 {
		return configError("Opus")
	}
	e.codec, e.channels, e.sampleRate = "opus", int(b[1]), 48000
	return nil
}

// flac reads the STREAMINFO of dfLa ("Encapsulation of FLAC in ISO Base Media
// File Format" §3.3.2, RFC 9639 §8.2).
func (e *entry) flac(b []byte) error {
	if len(b) < 4+4+18 || b[4]&0x7f != 0 {
		return configError("FLAC")
	}
	info := b[8:]
	e.codec = "fLaC"
	e.sampleRate = int(info[10])<<12 | int(info[11])<<4 | int(info[12]>>4)
	e.channels = int(info[12]>>1&7) + 1
	return nil
}

// alac reads the ALACSpecificConfig ("Apple Lossless Audio Codec", Magic Cookie).
func (e *entry) alac(b []byte) error {
	if len(b) < 4+24 {
		return configError("Apple Lossless")
	}
	b = b[4:]
	e.codec = "alac"
	e.channels, e.sampleRate = int(b[9]), int(binary.BigEndian.Uint32(b[20:]))
	return nil
}

// esds reads the elementary stream descriptor (ISO/IEC 14496-1 §7.2.6, in the
// box of ISO/IEC 14496-14 §5.6).
func (e *entry) esds(b []byte) error {
	object, config, ok := esdsConfig(b)
	if !ok {
		return configError("MPEG-4 audio")
	}
	switch object {
	case 0x40:
		return e.aac(config)
	case 0x66, 0x67, 0x68, 0x69, 0x6b:
		e.codec = fmt.Sprintf("mp4a.%02X", object)
	case 0xa5:
		return problem.Errorf(ErrUnsupported, "AC-3 in an MPEG-4 elementary stream cannot be carried in HLS as it is")
	case 0xa9, 0xaa, 0xab, 0xac:
		return unsupported("audio", "dtsc")
	case 0xdd:
		return unsupported("audio", "vorb")
	default:
		return problem.Errorf(ErrUnsupported, "audio of MPEG-4 object type 0x%02x cannot be carried in HLS as it is", object)
	}
	return nil
}

// esdsConfig finds the object type and the decoder specific info.
func esdsConfig(b []byte) (object byte, config []byte, ok bool) {
	if len(b) < 4 {
		return 0, nil, false
	}
	tag, es := descriptor(b[4:])
	if tag != 3 || len(es) < 3 {
		return 0, nil, false
	}
	flags := es[2]
	es = es[3:]
	skip := 0
	if flags&0x80 != 0 {
		skip += 2
	}
	if flags&0x40 != 0 && len(es) > skip {
		skip += 1 + int(es[skip])
	}
	if flags&0x20 != 0 {
		skip += 2
	}
	if len(es) < skip {
		return 0, nil, false
	}
	tag, dec := descriptor(es[skip:])
	if tag != 4 || len(dec) < 13 {
		return 0, nil, false
	}
	if tag, info := descriptor(dec[13:]); tag == 5 {
		config = info
	}
	return dec[0], config, true
}

// descriptor returns the first descriptor in b (ISO/IEC 14496-1 §8.3.3); one
// that claims more than there is gets what there is.
func descriptor(b []byte) (tag byte, body []byte) {
	if len(b) < 2 {
		return 0, nil
	}
	tag, b = b[0], b[1:]
	n := 0
	for i := 0; i < 4 && len(b) > 0; i++ {
		c := b[0]
		b, n = b[1:], n<<7|int(c&0x7f)
		if c&0x80 == 0 {
			break
		}
	}
	return tag, b[:min(n, len(b))]
}

// mp3Config is the esds of MP3, for QuickTime's entries that have none.
func mp3Config() []byte {
	es := []byte{0, 0, 0, 0, 3, 21, 0, 0, 0, 4, 13, 0x6b, 0x15, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6, 1, 2}
	return makeBox("esds", es)
}
