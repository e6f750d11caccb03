package fmp4

import "encoding/binary"

// identity is the matrix of the mvhd and tkhd boxes.
var identity = be(1<<16, 0, 0, 0, 1<<16, 0, 0, 0, 1<<30)

// initSegment is what a file begins with: tracks without samples (§8.8.1).
func initSegment(tracks []Track) []byte {
	const movie = 1000 // its timescale
	next := uint32(0)
	for i := range tracks {
		next = max(next, tracks[i].number(i))
	}
	moov := [][]byte{makeBox("mvhd", be(0, 0, 0, movie, 0, 1<<16, 1<<24, 0, 0), identity, make([]byte, 24), be(next+1))}
	mvex := make([][]byte, 0, len(tracks))
	for i := range tracks {
		id := tracks[i].number(i)
		moov = append(moov, tracks[i].trak(id, 0, nil, tracks[i].noSamples()))
		mvex = append(mvex, makeBox("trex", be(0, id, 1, 0, 0, 0)))
	}
	moov = append(moov, makeBox("mvex", mvex...))
	return append(makeBox("ftyp", []byte("iso6"), be(0), []byte("iso6cmfcmp41")), makeBox("moov", moov...)...)
}

// number is that of the track at a place, from 0.
func (t *Track) number(at int) uint32 {
	if t.ID > 0 {
		return t.ID
	}
	return uint32(at + 1)
}

// noSamples is an stbl box of a file whose samples are in fragments.
func (t *Track) noSamples() []byte {
	empty := func(kind string, extra ...uint32) []byte { return makeBox(kind, be(append([]uint32{0}, extra...)...)) }
	return makeBox("stbl", t.Entries, empty("stts", 0), empty("stsc", 0), empty("stsz", 0, 0), empty("stco", 0))
}

// trak is a track that lasts so many ticks, 0 where that is in fragments, with an edts
// box, or none, and its stbl box.
func (t *Track) trak(id, lasts uint32, edits, tables []byte) []byte {
	handler, name, head, volume := "soun", "sound", makeBox("smhd", be(0, 0)), uint32(1<<24)
	if t.Video {
		handler, name, head, volume = "vide", "video", makeBox("vmhd", be(1, 0, 0)), 0
	}
	return makeBox("trak",
		makeBox("tkhd", be(3, 0, 0, id, 0, lasts, 0, 0, 0, volume), identity, be(t.Width<<16, t.Height<<16)),
		edits,
		makeBox("mdia",
			makeBox("mdhd", be(0, 0, 0, t.Timescale, lasts), language(t.Language), make([]byte, 2)),
			makeBox("hdlr", be(0, 0), []byte(handler), make([]byte, 12), []byte(name+"\x00")),
			makeBox("minf", head,
				makeBox("dinf", makeBox("dref", be(0, 1), makeBox("url ", be(1)))),
				tables)))
}

// language packs three letters into 15 bits (§8.4.2.3).
func language(name string) []byte {
	if len(name) != 3 {
		name = "und"
	}
	v := uint16(0)
	for i := range 3 {
		c := name[i]
		if c < 'a' || c > 'z' {
			return language("und")
		}
		v = v<<5 | uint16(c-0x60)
	}
	return binary.BigEndian.AppendUint16(nil, v)
}

func makeBox(kind string, parts ...[]byte) []byte {
	size := 8
	for _, p := range parts {
		size += len(p)
	}
	b := append(binary.BigEndian.AppendUint32(make([]byte, 0, size), uint32(size)), kind...)
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

func be(values ...uint32) []byte {
	var b []byte
	for _, v := range values {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	return b
}
