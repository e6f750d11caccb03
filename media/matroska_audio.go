package media

import (
	"bytes"
	"encoding/binary"

	"github.com/streamgate/streamgate/internal/problem"
)

// audioEntry makes the sample entry of a sound track. Those of AC-3, E-AC-3 and
// MP3 are told by their first frame: see open.
func (t *matroskaTrack) audioEntry() (entry, error) {
	switch t.codec {
	case "A_AAC":
		t.fixed = aacLength(t.private)
		return t.sound("mp4a", esdsFor(0x40, t.private))
	case "A_OPUS":
		config, err := dOps(t.private)
		if err != nil {
			return entry{}, err
		}
		t.length = opusLength
		return t.sound("Opus", config)
	case "A_FLAC":
		config, err := dfLa(t.private)
		if err != nil {
			return entry{}, err
		}
		t.length = flacLength
		return t.sound("fLaC", config)
	case "A_ALAC":
		if len(t.private) < 24 {
			return entry{}, configError("Apple Lossless")
		}
		if n := binary.BigEndian.Uint32(t.private); n <= 1<<16 {
			t.fixed = n
		}
		return t.sound("alac", makeBox("alac", make([]byte, 4), t.private))
	case "A_AC3", "A_EAC3", "A_MPEG/L3":
		return entry{}, nil
	}
	return entry{}, t.unsupported("audio", "")
}

// sound is a sample entry with its configuration box.
func (t *matroskaTrack) sound(kind string, config []byte) (entry, error) {
	h := make([]byte, soundHeader, soundHeader+len(config))
	h[7] = 1 // data reference
	rate := t.audio.rate
	if t.audio.output > 0 {
		rate = t.audio.output
	}
	if !(rate >= 1 && rate < 1<<16) {
		rate = 0
	}
	binary.BigEndian.PutUint16(h[16:], uint16(min(t.audio.channels, 255)))
	binary.BigEndian.PutUint32(h[24:], uint32(rate)<<16)
	return audioEntry(kind, append(h, config...))
}

// esdsFor is the elementary stream descriptor of a configuration (ISO/IEC
// 14496-1 §7.2.6).
func esdsFor(object byte, config []byte) []byte {
	info := descriptorOf(5, config)
	decoder := descriptorOf(4, append([]byte{object, 0x15, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, info...))
	stream := append([]byte{0, 0, 0}, decoder...)
	stream = append(stream, 6, 1, 2)
	return makeBox("esds", make([]byte, 4), descriptorOf(3, stream))
}

func descriptorOf(tag byte, body []byte) []byte {
	n := len(body)
	return append([]byte{tag, 0x80 | byte(n>>21&0x7f), 0x80 | byte(n>>14&0x7f), 0x80 | byte(n>>7&0x7f), byte(n & 0x7f)}, body...)
}

// dOps is made of an OpusHead (RFC 7845 §5.1), whose numbers are little endian.
func dOps(head []byte) ([]byte, error) {
	if len(head) < 19 || !bytes.HasPrefix(head, []byte("OpusHead")) || head[9] == 0 {
		return nil, configError("Opus")
	}
	channels, family := head[9], head[18]
	b := []byte{0, channels}
	b = binary.BigEndian.AppendUint16(b, binary.LittleEndian.Uint16(head[10:]))
	b = binary.BigEndian.AppendUint32(b, binary.LittleEndian.Uint32(head[12:]))
	b = binary.BigEndian.AppendUint16(b, binary.LittleEndian.Uint16(head[16:]))
	b = append(b, family)
	if family != 0 {
		table := head[19:]
		if len(table) < 2+int(channels) {
			return nil, configError("Opus")
		}
		b = append(b, table[:2+int(channels)]...)
	}
	return makeBox("dOps", b), nil
}

// dfLa holds the STREAMINFO of the FLAC stream's header ("fLaC" and metadata
// blocks, RFC 9639 §8).
func dfLa(private []byte) ([]byte, error) {
	b := bytes.TrimPrefix(private, []byte("fLaC"))
	const info = 4 + 34
	if len(b) < info || b[0]&0x7f != 0 || b[1] != 0 || b[2] != 0 || b[3] != 34 {
		return nil, configError("FLAC")
	}
	return makeBox("dfLa", make([]byte, 4), []byte{0x80}, b[1:info]), nil
}

// dac3 is made of a frame's header (ETSI TS 102 366 §4.3, annex F.4).
func dac3(b []byte) []byte {
	if len(b) < 7 || b[0] != 0x0b || b[1] != 0x77 || b[5]>>3 > 10 {
		return nil
	}
	r := bitReader{b: b[4:]}
	rate, size := r.read(2), r.read(6)
	bsid, bsmod, acmod := r.read(5), r.read(3), r.read(3)
	if acmod&1 != 0 && acmod != 1 {
		r.read(2) // cmixlev
	}
	if acmod&4 != 0 {
		r.read(2) // surmixlev
	}
	if acmod == 2 {
		r.read(2) // dsurmod
	}
	lfe := r.read(1)
	v := rate<<22 | bsid<<17 | bsmod<<14 | acmod<<11 | lfe<<10 | size>>1<<5
	return makeBox("dac3", []byte{byte(v >> 16), byte(v >> 8), byte(v)})
}

// aacLength is how many samples a frame of AAC has at the rate that the
// configuration ends with; 0 where frames of several lengths are possible.
func aacLength(config []byte) uint32 {
	r := bitReader{b: config}
	object, core := r.audioObject(), r.rate()
	r.read(4) // channels
	out := core
	if object == 5 || object == 29 {
		if ext := r.rate(); ext > 0 {
			out = ext
		}
		object = r.audioObject()
	}
	n := 1024
	if object > 22 || core == 0 || r.over {
		return 0
	}
	if r.read(1) == 1 {
		n = 960
	}
	return uint32(n * out / core)
}

var errEAC3 = problem.Errorf(ErrInvalid, "the E-AC-3 frames are broken")
