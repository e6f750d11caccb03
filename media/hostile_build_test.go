package media_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"slices"
)

// words is numbers of 32 bits, one after the other, as boxes have them.
func words(values ...uint32) []byte {
	out := make([]byte, 0, 4*len(values))
	for _, v := range values {
		out = binary.BigEndian.AppendUint32(out, v)
	}
	return out
}

// box is a box around the parts.
func box(kind string, parts ...[]byte) []byte {
	body := slices.Concat(parts...)
	return slices.Concat(words(uint32(8+len(body))), []byte(kind), body)
}

// nested is so many boxes in each other.
func nested(kind string, depth int) []byte {
	var out []byte
	for i := range depth {
		out = append(binary.BigEndian.AppendUint32(out, uint32(8*(depth-i))), kind...)
	}
	return out
}

// movie is a small file that plays, before something is done to it: a track of
// H.264 with B-frames and an edit list, a track of AAC, 48 samples each in
// chunks of 8. Do names boxes whose body is replaced; what it returns for a nil
// body is added to the parent as an extra box.
type movie struct {
	do         map[string]func(body []byte) []byte // by path, such as "moov/trak/mdia/mdhd"
	fragmented bool
	tracks     int // 0 is 2
}

const (
	samplesInTrack = 48
	samplesInChunk = 8
	sampleBytes    = 64
)

// build writes the file: ftyp, moov, mdat, or moof and mdat after an empty moov.
func (m movie) build() []byte {
	ftyp := m.box("", "ftyp", []byte("isom"), words(0x200), []byte("isomiso5mp42"))
	mdat := box("mdat", bytes.Repeat([]byte{0, 0, 0, 60, 0x65, 1, 2, 3}, 2*samplesInTrack*sampleBytes/8))
	moov := m.moov(0)
	if !m.fragmented {
		moov = m.moov(len(ftyp) + len(moov) + 8)
		return slices.Concat(ftyp, moov, mdat)
	}
	sidx := m.box("", "sidx", words(0, 1, 12800, 0, 0, 1), words(uint32(len(mdat)), 12800, 1<<31))
	return slices.Concat(ftyp, moov, sidx, m.moof(), mdat)
}

func (m movie) box(parent, kind string, parts ...[]byte) []byte {
	path := kind
	if parent != "" {
		path = parent + "/" + kind
	}
	body := slices.Concat(parts...)
	if change := m.do[path]; change != nil {
		body = change(body)
	}
	return box(kind, body)
}

func (m movie) moov(data int) []byte {
	parts := [][]byte{m.box("moov", "mvhd", words(0, 0, 0, 1000, 1920, 0x10000, 0x1000000, 0, 0), identity, make([]byte, 24), words(3))}
	n := m.tracks
	if n == 0 {
		n = 2
	}
	for i := range n {
		parts = append(parts, m.trak(uint32(i+1), i%2 == 1, data))
	}
	if m.fragmented {
		parts = append(parts, m.box("moov", "mvex", m.box("moov/mvex", "trex", words(0, 1, 1, 512, sampleBytes, 0)), box("trex", words(0, 2, 1, 1024, sampleBytes, 0))))
	}
	return m.box("", "moov", parts...)
}

var identity = words(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)

func (m movie) trak(id uint32, audio bool, data int) []byte {
	const at = "moov/trak"
	width, height, timescale, handler, header := uint32(64<<16), uint32(48<<16), uint32(12800), "vide", box("vmhd", words(1, 0, 0))
	if audio {
		width, height, timescale, handler, header = 0, 0, 44100, "soun", box("smhd", words(0, 0))
	}
	return m.box("moov", "trak",
		m.box(at, "tkhd", words(7, 0, 0, id, 0, 1920, 0, 0, 0, 0), identity, words(width, height)),
		m.box(at, "edts", m.box(at+"/edts", "elst", words(0, 1, 1920, 0, 0x10000))),
		m.box(at, "mdia",
			m.box(at+"/mdia", "mdhd", words(0, 0, 0, timescale, 48*512, 0x55c40000)),
			m.box(at+"/mdia", "hdlr", words(0, 0), []byte(handler), make([]byte, 13)),
			m.box(at+"/mdia", "minf", header, box("dinf", box("dref", words(0, 1), box("url ", words(1)))), m.stbl(audio, data))))
}

func (m movie) stbl(audio bool, data int) []byte {
	const at = "moov/trak/mdia/minf/stbl"
	entry, duration := m.avc1(), uint32(512)
	if audio {
		entry, duration = m.mp4a(), 1024
	}
	if m.fragmented {
		return m.box("moov/trak/mdia/minf", "stbl", m.box(at, "stsd", words(0, 1), entry),
			box("stts", words(0, 0)), box("stsc", words(0, 0)), box("stsz", words(0, 0, 0)), box("stco", words(0, 0)))
	}
	chunks := words(0, samplesInTrack/samplesInChunk)
	for i := range samplesInTrack / samplesInChunk {
		place := 2 * i
		if audio {
			place++
		}
		chunks = binary.BigEndian.AppendUint32(chunks, uint32(data+place*samplesInChunk*sampleBytes))
	}
	parts := [][]byte{
		m.box(at, "stsd", words(0, 1), entry),
		m.box(at, "stts", words(0, 1, samplesInTrack, duration)),
		m.box(at, "stsc", words(0, 1, 1, samplesInChunk, 1)),
		m.box(at, "stsz", words(0, sampleBytes, samplesInTrack)),
		m.box(at, "stco", chunks),
	}
	if !audio {
		parts = append(parts, m.box(at, "stss", words(0, 2, 1, 25)), m.box(at, "ctts", words(0, 1, samplesInTrack, 0)))
	}
	return m.box("moov/trak/mdia/minf", "stbl", parts...)
}

// parameters is an AVCDecoderConfigurationRecord of 64x48 pixels, baseline.
const parameters = "0142c00affe100176742c00ad9047b011000000300100000030320f122648001000568cb83cb20"

func (m movie) avc1() []byte {
	avcC, err := hex.DecodeString(parameters)
	if err != nil {
		panic(err)
	}
	return m.box("", "avc1", make([]byte, 6), []byte{0, 1}, make([]byte, 16), words(64<<16|48, 0x480000, 0x480000, 0), []byte{0, 1}, make([]byte, 32), []byte{0, 24, 0xff, 0xff},
		m.box("avc1", "avcC", avcC))
}

func (m movie) mp4a() []byte {
	config := []byte{0x12, 0x10} // AAC-LC, 44.1 kHz, stereo
	specific := append([]byte{5, byte(len(config))}, config...)
	decoder := append([]byte{4, byte(13 + len(specific)), 0x40, 0x15, 0, 0, 0}, slices.Concat(words(128000, 128000), specific)...)
	stream := append([]byte{3, byte(3 + len(decoder) + 3), 0, 0, 0}, slices.Concat(decoder, []byte{6, 1, 2})...)
	return m.box("", "mp4a", make([]byte, 6), []byte{0, 1}, make([]byte, 8), []byte{0, 2, 0, 16}, words(0, 44100<<16),
		m.box("mp4a", "esds", words(0), stream))
}

func (m movie) moof() []byte {
	const at = "moof/traf"
	traf := func(id uint32, offset uint32) []byte {
		return m.box("moof", "traf",
			m.box(at, "tfhd", words(0x020000, id)),
			m.box(at, "tfdt", words(1<<24, 0, 0)),
			m.box(at, "trun", words(0x201, samplesInTrack, offset), bytes.Repeat(words(sampleBytes), samplesInTrack)))
	}
	mfhd := box("mfhd", words(0, 1))
	size := len(m.box("", "moof", mfhd, traf(1, 0), traf(2, 0)))
	return m.box("", "moof", mfhd, traf(1, uint32(size+8)), traf(2, uint32(size+8+samplesInTrack*sampleBytes)))
}

// is replaces a body.
func is(body ...[]byte) func([]byte) []byte {
	return func([]byte) []byte { return slices.Concat(body...) }
}

// poke sets the 32-bit word at an offset of a body.
func poke(at int, value uint32) func([]byte) []byte {
	return func(body []byte) []byte {
		body = bytes.Clone(body)
		binary.BigEndian.PutUint32(body[at:], value)
		return body
	}
}

// sparse is a file too large to be built: its head, then tile over and over.
type sparse struct {
	head, tile []byte
	size       int64
}

func (s sparse) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errors.New("negative offset")
	}
	n := 0
	for n < len(p) && off < s.size {
		from := s.tile
		at := (off - int64(len(s.head))) % int64(max(1, len(s.tile)))
		if off < int64(len(s.head)) {
			from, at = s.head, off
		}
		c := copy(p[n:min(len(p), n+int(min(s.size-off, 1<<30)))], from[at:])
		n, off = n+c, off+int64(c)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
