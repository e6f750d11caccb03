package hls

import "github.com/streamgate/streamgate/media"

// initSegment returns the init segment of a track (CMAF header, ISO/IEC
// 23000-19 §7.3.1): ftyp and a moov that describes no samples.
func initSegment(t *media.Track) []byte {
	w := &boxes{b: make([]byte, 0, 1024)}
	ftyp := w.open("ftyp")
	w.text("iso6")
	w.u32(0)
	w.text("iso6cmfcmp41")
	w.close(ftyp)
	moov := w.open("moov")
	w.mvhd()
	w.trak(t)
	w.mvex(t)
	w.close(moov)
	return w.b
}

func (w *boxes) mvhd() {
	at := w.full("mvhd", 0, 0)
	w.zero(8)      // creation, modification
	w.u32(1000)    // timescale
	w.u32(0)       // duration: that of the fragments
	w.u32(1 << 16) // rate
	w.u16(1 << 8)  // volume
	w.zero(10)
	w.matrix([9]int32{1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30})
	w.zero(24)
	w.u32(2) // next track
	w.close(at)
}

func (w *boxes) matrix(m [9]int32) {
	for _, v := range m {
		w.u32(uint32(v))
	}
}

func (w *boxes) trak(t *media.Track) {
	trak := w.open("trak")
	w.tkhd(t)
	mdia := w.open("mdia")
	w.mdhd(t)
	w.hdlr(t)
	w.minf(t)
	w.close(mdia)
	w.close(trak)
}

func (w *boxes) tkhd(t *media.Track) {
	at := w.full("tkhd", 0, 7) // enabled, in movie, in preview
	w.zero(8)
	w.u32(1) // the only track
	w.zero(4 + 4 + 8 + 2 + 2)
	if t.Kind == media.Audio {
		w.u16(1 << 8)
	} else {
		w.u16(0)
	}
	w.zero(2)
	w.matrix(t.Matrix)
	w.u32(t.Coded[0])
	w.u32(t.Coded[1])
	w.close(at)
}

func (w *boxes) mdhd(t *media.Track) {
	at := w.full("mdhd", 0, 0)
	w.zero(8)
	w.u32(t.Timescale)
	w.u32(0)
	w.u16(packedLanguage(t.Language))
	w.zero(2)
	w.close(at)
	if t.Language != "" {
		at = w.full("elng", 0, 0)
		w.text(t.Language)
		w.bytes(0)
		w.close(at)
	}
}

// packedLanguage is the three-letter code of mdhd, "und" where the tag is
// another: the whole tag stands in the elng box.
func packedLanguage(tag string) uint16 {
	if len(tag) != 3 {
		tag = "und"
	}
	code := uint16(0)
	for i := range 3 {
		code = code<<5 | uint16(tag[i]-0x60)&31
	}
	return code
}

func (w *boxes) hdlr(t *media.Track) {
	at := w.full("hdlr", 0, 0)
	w.u32(0)
	if t.Kind == media.Audio {
		w.text("soun")
	} else {
		w.text("vide")
	}
	w.zero(12)
	w.bytes(0) // name
	w.close(at)
}

func (w *boxes) minf(t *media.Track) {
	minf := w.open("minf")
	if t.Kind == media.Audio {
		at := w.full("smhd", 0, 0)
		w.zero(4)
		w.close(at)
	} else {
		at := w.full("vmhd", 0, 1)
		w.zero(8)
		w.close(at)
	}
	dinf := w.open("dinf")
	dref := w.full("dref", 0, 0)
	w.u32(1)
	w.close(w.full("url ", 0, 1)) // the data is in this file
	w.close(dref)
	w.close(dinf)
	w.stbl(t)
	w.close(minf)
}

func (w *boxes) stbl(t *media.Track) {
	stbl := w.open("stbl")
	stsd := w.full("stsd", 0, 0)
	w.u32(uint32(len(t.Entries)))
	for _, e := range t.Entries {
		w.bytes(e...)
	}
	w.close(stsd)
	for _, kind := range []string{"stts", "stsc", "stco"} {
		at := w.full(kind, 0, 0)
		w.u32(0)
		w.close(at)
	}
	stsz := w.full("stsz", 0, 0)
	w.zero(8)
	w.close(stsz)
	w.close(stbl)
}

func (w *boxes) mvex(t *media.Track) {
	mvex := w.open("mvex")
	at := w.full("trex", 0, 0)
	w.u32(1) // track
	w.u32(1) // sample entry
	w.u32(t.Layout.Duration)
	w.u32(0)
	w.u32(defaultFlags(t))
	w.close(at)
	w.close(mvex)
}
