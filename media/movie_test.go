package media

import (
	"bytes"
	"context"
	"encoding/binary"
	"testing"
)

// testTrack describes a track of a test's movie; its samples' bytes are made up.
type testTrack struct {
	handler   string // "vide" or "soun"
	timescale uint32
	entry     []byte // sample entry; by default H.264 or AAC
	samples   []testSample
	edits     []edit
	sizes     string // "stsz" (default), "fixed", "stz2/4", "stz2/8", "stz2/16"
	perChunk  int    // default 1
	wide      bool   // co64
	noSync    bool   // no stss
	content   string // of the samples, one after the other; by default made up
	parts     []byte // further boxes of the trak
	dinf      []byte // boxes of the minf
	disabled  bool
	more      []byte // after the sample entry in the stsd, which counts 1 all the same
}

type testSample struct {
	size, duration uint32
	shift          int32
	delta          bool // not a sync sample
}

// b32 makes big-endian 32-bit numbers.
func b32(v ...uint32) []byte {
	var b []byte
	for _, v := range v {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	return b
}

func b16(v ...uint16) []byte {
	var b []byte
	for _, v := range v {
		b = binary.BigEndian.AppendUint16(b, v)
	}
	return b
}

var (
	testAVC = makeBox("avc1", make([]byte, 24), b16(640, 360), make([]byte, 50),
		makeBox("avcC", []byte{1, 0x64, 0, 0x1f, 0xff, 0xe1, 0, 4, 0x67, 0x64, 0, 0x1f, 1, 0, 2, 0x68, 0xee}))
	testAAC = makeBox("mp4a", make([]byte, 16), b16(2, 16), b32(0, 48000<<16),
		makeBox("esds", []byte{0, 0, 0, 0, 3, 25, 0, 0, 0, 4, 17, 0x40, 0x15, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 2, 0x11, 0x90, 6, 1, 2}))
)

// mdatStart is where the first sample lies in a progressive test movie.
const mdatStart = 24

// progressive returns a movie: ftyp, mdat with the tracks' samples one track
// after the other, moov. The movie's timescale is 1000.
func progressive(tracks ...testTrack) []byte {
	file := makeBox("ftyp", []byte("isom\x00\x00\x00\x00"))
	var data []byte
	moov := [][]byte{movieHeader()}
	for i, t := range tracks {
		moov = append(moov, t.trak(uint32(i+1), mdatStart+len(data)))
		if t.content != "" {
			data = append(data, t.content...)
			continue
		}
		for range t.bytes() {
			data = append(data, byte(len(data)))
		}
	}
	return bytes.Join([][]byte{file, makeBox("mdat", data), makeBox("moov", moov...)}, nil)
}

func movieHeader() []byte {
	return makeBox("mvhd", make([]byte, 12), b32(1000), make([]byte, 84))
}

func (t *testTrack) bytes() int {
	n := 0
	for _, s := range t.samples {
		n += int(s.size)
	}
	return n
}

func (t *testTrack) trak(id uint32, at int) []byte {
	parts := [][]byte{t.header(id)}
	if t.edits != nil {
		list := b32(0, uint32(len(t.edits)))
		for _, e := range t.edits {
			list = append(list, b32(uint32(e.duration), uint32(int32(e.time)), 1<<16)...)
		}
		parts = append(parts, makeBox("edts", makeBox("elst", list)))
	}
	return makeBox("trak", append(parts, t.parts, t.mdia(t.stbl(at)))...)
}

func (t *testTrack) header(id uint32) []byte {
	flags := uint32(7)
	if t.disabled {
		flags = 6
	}
	return makeBox("tkhd", b32(flags, 0, 0, id), make([]byte, 24), b32(1<<16, 0, 0, 0, 1<<16, 0, 0, 0, 1<<30), b32(640<<16, 360<<16))
}

func (t *testTrack) mdia(stbl []byte) []byte {
	return makeBox("mdia",
		makeBox("mdhd", b32(0, 0, 0, t.timescale, 0), b16(0x55c4, 0)),
		makeBox("hdlr", b32(0, 0), []byte(t.handler), make([]byte, 13)),
		makeBox("minf", t.dinf, stbl))
}

func (t *testTrack) stsd() []byte {
	entry := t.entry
	if entry == nil {
		entry = map[string][]byte{"vide": testAVC, "soun": testAAC}[t.handler]
	}
	return makeBox("stsd", b32(0, 1), entry, t.more)
}

func (t *testTrack) stbl(at int) []byte {
	per := max(t.perChunk, 1)
	stts, ctts := b32(0, uint32(len(t.samples))), b32(0, uint32(len(t.samples)))
	var sync []uint32
	var chunks []byte
	n := uint32(0)
	for i, s := range t.samples {
		stts = append(stts, b32(1, s.duration)...)
		ctts = append(ctts, b32(1, uint32(s.shift))...)
		if !s.delta {
			sync = append(sync, uint32(i+1))
		}
		if i%per == 0 {
			n++
			if t.wide {
				chunks = append(chunks, b32(0, uint32(at))...)
			} else {
				chunks = append(chunks, b32(uint32(at))...)
			}
		}
		at += int(s.size)
	}
	stco := "stco"
	if t.wide {
		stco = "co64"
	}
	parts := [][]byte{
		t.stsd(), makeBox("stts", stts), makeBox("ctts", ctts), t.sizeBox(),
		makeBox("stsc", b32(0, 1, 1, uint32(per), 1)), makeBox(stco, b32(0, n), chunks),
	}
	if !t.noSync {
		parts = append(parts, makeBox("stss", b32(0, uint32(len(sync))), b32(sync...)))
	}
	return makeBox("stbl", parts...)
}

func (t *testTrack) sizeBox() []byte {
	n := uint32(len(t.samples))
	var wide, two, one, half []byte
	for i, s := range t.samples {
		wide, two, one = append(wide, b32(s.size)...), append(two, b16(uint16(s.size))...), append(one, byte(s.size))
		if i%2 == 0 {
			half = append(half, byte(s.size<<4))
		} else {
			half[len(half)-1] |= byte(s.size)
		}
	}
	switch t.sizes {
	case "fixed":
		return makeBox("stsz", b32(0, t.samples[0].size, n))
	case "stz2/4":
		return makeBox("stz2", b32(0, 4, n), half)
	case "stz2/8":
		return makeBox("stz2", b32(0, 8, n), one)
	case "stz2/16":
		return makeBox("stz2", b32(0, 16, n), two)
	}
	return makeBox("stsz", b32(0, 0, n), wide)
}

// parse parses a test movie that must be fine.
func parse(t *testing.T, file []byte) *Index {
	t.Helper()
	ix, err := Parse(context.Background(), bytes.NewReader(file), int64(len(file)), nil)
	if err != nil {
		t.Fatal(err)
	}
	return ix
}

// timed is a sample as a viewer meets it: when it shows, in ticks from the
// presentation's beginning.
type timed struct {
	Offset   int64
	Decode   int64 // from the presentation's beginning
	Present  int64
	Duration uint32
	Sync     bool
}

func presented(t *testing.T, ix *Index, track int) []timed {
	t.Helper()
	tr := ix.Tracks[track]
	var list []timed
	for n, seg := range tr.Segments {
		samples, err := ix.Samples(nil, nil, track, n)
		if err != nil {
			t.Fatal(err)
		}
		decode := int64(seg.Decode) - int64(tr.Origin)
		for _, s := range samples {
			list = append(list, timed{s.Offset, decode, decode + int64(s.Shift), s.Duration, s.Sync})
			decode += int64(s.Duration)
		}
	}
	return list
}

// gops returns n groups of pictures of length frames of 10 ticks each, IPPP.
func gops(n, length int) []testSample {
	var list []testSample
	for range n {
		for i := range length {
			list = append(list, testSample{size: 5, duration: 10, delta: i > 0})
		}
	}
	return list
}

func parseSeed(file []byte) *Index {
	ix, err := Parse(context.Background(), bytes.NewReader(file), int64(len(file)), nil)
	if err != nil {
		panic(err)
	}
	return ix
}
