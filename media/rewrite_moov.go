package media

import (
	"bytes"
	"encoding/binary"
	"math"
)

// fields writes the fields of a box, big endian.
type fields []byte

func (f *fields) u8(v ...byte)         { *f = append(*f, v...) }
func (f *fields) u16(v uint16) *fields { *f = binary.BigEndian.AppendUint16(*f, v); return f }
func (f *fields) u32(v uint32) *fields { *f = binary.BigEndian.AppendUint32(*f, v); return f }
func (f *fields) u64(v uint64) *fields { *f = binary.BigEndian.AppendUint64(*f, v); return f }
func (f *fields) zero(n int) *fields   { *f = append(*f, make([]byte, n)...); return f }
func (f *fields) text(s string) *fields {
	*f = append(*f, s...)
	return f
}

// times are creation, modification, what, and a duration, in the version that
// the duration fits.
func (f *fields) times(flags uint32, middle []uint32, duration int64) *fields {
	if duration > math.MaxUint32 {
		f.u32(1<<24 | flags).zero(16)
	} else {
		f.u32(flags).zero(8)
	}
	for _, v := range middle {
		f.u32(v)
	}
	if duration > math.MaxUint32 {
		return f.u64(uint64(duration))
	}
	return f.u32(uint32(duration))
}

// ftyp names the brands (ISO/IEC 14496-12 §4.3). By the first one a file of sound
// alone is told from a film.
func (rw *rewriter) ftyp() piece {
	major := "M4A "
	for _, t := range rw.ix.Tracks {
		if t.Kind == Video {
			major = "isom"
		}
	}
	f := new(fields).text(major).u32(0x200).text("isomiso2mp41")
	if major != "isom" {
		f.text(major)
	}
	return bytesPiece(makeBox("ftyp", *f))
}

func (rw *rewriter) moov(wide bool) piece {
	list := []piece{{}}
	longest, next := int64(0), uint32(0)
	for i := range rw.tracks {
		t := &rw.tracks[i]
		edts, duration := rw.edts(t)
		list = append(list, rw.trak(t, edts, duration, wide))
		longest, next = max(longest, duration), max(next, uint32(t.ID))
	}
	for i := range rw.subtitles {
		t := &rw.subtitles[i]
		list = append(list, rw.textTrak(t, wide))
		next = max(next, uint32(t.ID))
	}
	f := new(fields).times(0, []uint32{rw.movie}, longest)
	f.u32(1 << 16).u16(1 << 8).zero(10)
	f.matrix([9]int32{1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30}).zero(24)
	f.u32(max(next+1, 1))
	list[0] = bytesPiece(makeBox("mvhd", *f))
	return boxPiece("moov", list...)
}

func (f *fields) matrix(m [9]int32) *fields {
	for _, v := range m {
		f.u32(uint32(v))
	}
	return f
}

func (rw *rewriter) trak(t *rewritten, edts []byte, duration int64, wide bool) piece {
	list := []piece{bytesPiece(tkhd(t.Track, duration)), bytesPiece(edts), rw.mdia(t, wide)}
	return boxPiece("trak", append(list, bytesPiece(rw.userData(t.Track)))...)
}

// tkhd is enabled for the track of its kind that plays unless the viewer chooses
// otherwise: QuickTime plays all that are.
func tkhd(t *Track, duration int64) []byte {
	flags, group, volume := uint32(2), uint16(0), uint16(0)
	if t.Default {
		flags = 3
	}
	if t.Kind == Audio {
		group, volume = 1, 1<<8
	}
	f := new(fields).times(flags, []uint32{uint32(t.ID), 0}, duration)
	f.zero(8).u16(0).u16(group).u16(volume).zero(2).matrix(t.Matrix)
	return makeBox("tkhd", *f.u32(t.Coded[0]).u32(t.Coded[1]))
}

// userData has the name and the characteristics of a track, as udta of this
// package reads them, and what its samples do not tell.
func (rw *rewriter) userData(t *Track) []byte {
	return namedData(t.Name, t.Characteristics, rw.settledBox(t))
}

// namedData is user data with more boxes.
func namedData(name string, characteristics []string, more ...[]byte) []byte {
	var f fields
	if name != "" {
		f.u8(makeBox("name", []byte(name))...)
	}
	for _, tag := range characteristics {
		f.u8(makeBox("tagc", []byte(tag))...)
	}
	for _, b := range more {
		f.u8(b...)
	}
	return makeBox("udta", f)
}

func (rw *rewriter) mdia(t *rewritten, wide bool) piece {
	mdhd := new(fields).times(0, []uint32{t.Timescale}, t.counted.length).u16(packedLanguage(t.Language)).zero(2)
	list := []piece{bytesPiece(makeBox("mdhd", *mdhd))}
	if t.Language != "" {
		list = append(list, bytesPiece(languageBox(t.Language)))
	}
	handler, header := "vide", makeBox("vmhd", []byte{0, 0, 0, 1}, make([]byte, 8))
	if t.Kind == Audio {
		handler, header = "soun", makeBox("smhd", make([]byte, 8))
	}
	list = append(list, bytesPiece(makeBox("hdlr", *new(fields).zero(8).text(handler).zero(13))))
	list = append(list, boxPiece("minf", bytesPiece(header), bytesPiece(dataHere()), rw.stbl(t, wide)))
	return boxPiece("mdia", list...)
}

// dataHere says that the samples are in this file.
func dataHere() []byte {
	return makeBox("dinf", makeBox("dref", []byte{0, 0, 0, 0, 0, 0, 0, 1}, makeBox("url ", []byte{0, 0, 0, 1})))
}

func languageBox(tag string) []byte {
	return makeBox("elng", make([]byte, 4), append([]byte(tag), 0))
}

// packedLanguage is three letters in three times five bits; the whole tag stands
// in an elng box.
func packedLanguage(tag string) uint16 {
	if len(tag) != 3 || !lower(tag) {
		tag = "und"
	}
	code := uint16(0)
	for i := range 3 {
		code = code<<5 | uint16(tag[i]-0x60)&31
	}
	return code
}

func lower(s string) bool {
	return !bytes.ContainsFunc([]byte(s), func(r rune) bool { return r < 'a' || r > 'z' })
}
