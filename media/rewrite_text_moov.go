package media

import "math"

// textGaps is what a sample is that shows nothing, of the codings that MP4 has.
var textGaps = map[string][]byte{
	"tx3g": {0, 0}, "text": {0, 0},
	"wvtt": makeBox("vtte"),
	"stpp": []byte(`<tt xmlns="http://www.w3.org/ns/ttml"/>`),
}

const (
	// textScale is the timescale of a track of subtitles: milliseconds, as an index
	// has their times.
	textScale = 1000
	// onlyListed is the sample entry of subtitles that MP4 has no coding for: those of
	// Matroska. Their track has no samples for others.
	onlyListed = "sgtx"
)

// textEntry is a sample as the tables of a track have it.
type textEntry struct {
	offset int64 // from the first sample of the track
	size   uint32
	lasts  uint32 // milliseconds
}

// entries are the samples one after another, with nothing in the gaps: one that
// begins ends the one before.
func (t *rewrittenText) entries() (list []textEntry) {
	gap := textGaps[t.Codec]
	if gap == nil || len(t.entry) == 0 || t.Packing.Zlib || len(t.Packing.Prefix) > 0 {
		return nil
	}
	at, offset := int64(0), int64(0)
	add := func(place int64, size uint32, lasts int64) {
		if lasts > 0 {
			list = append(list, textEntry{place, size, uint32(min(lasts, math.MaxUint32))})
			at += lasts
		}
	}
	for i := range t.samples {
		s := &t.samples[i]
		begins, ends := s.Start-t.samples[0].Zero, s.End-t.samples[0].Zero
		if i+1 < len(t.samples) {
			ends = min(ends, t.samples[i+1].Start-t.samples[0].Zero)
		}
		add(t.size-int64(len(gap)), uint32(len(gap)), begins-at)
		add(offset, s.Size, ends-at)
		offset += int64(s.Size)
	}
	return list
}

// textTrak is the description of a track of subtitles.
func (rw *rewriter) textTrak(t *rewrittenText, wide bool) piece {
	entries := t.entries()
	total := int64(0)
	for _, e := range entries {
		total += int64(e.lasts)
	}
	const inMovie, subtitles = 2, 2 // it is shown where somebody chooses it; the group of all subtitles
	edts, duration := rw.textEdit(t, total)
	head := new(fields).times(inMovie, []uint32{uint32(t.ID), 0}, duration)
	head.zero(8).u16(0).u16(subtitles).zero(4).matrix([9]int32{1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30}).zero(8)
	list := []piece{bytesPiece(makeBox("tkhd", *head)), bytesPiece(edts), rw.textMedia(t, entries, total, wide)}
	return boxPiece("trak", append(list, bytesPiece(namedData(t.Name, t.Characteristics)), rw.textBox(t))...)
}

// textEdit places the times that the samples have within their track, which begins
// where those within the first of them count from.
func (rw *rewriter) textEdit(t *rewrittenText, total int64) (box []byte, duration int64) {
	if total == 0 {
		return nil, 0
	}
	zero := t.samples[0].Zero
	edit := rewrittenEdit{delay: max(zero, 0), begin: max(-zero, 0)}
	edit.length = max(total-edit.begin, 0)
	return rw.edts(&rewritten{Track: &Track{Timescale: textScale}, edit: edit})
}

func (rw *rewriter) textMedia(t *rewrittenText, entries []textEntry, total int64, wide bool) piece {
	handler, header := t.handler, makeBox("nmhd", make([]byte, 4))
	switch handler {
	case "":
		handler = "text"
	case "subt":
		header = makeBox("sthd", make([]byte, 4))
	}
	list := []piece{bytesPiece(makeBox("mdhd", *new(fields).times(0, []uint32{textScale}, total).u16(packedLanguage(t.Language)).zero(2)))}
	if t.Language != "" {
		list = append(list, bytesPiece(languageBox(t.Language)))
	}
	list = append(list, bytesPiece(makeBox("hdlr", *new(fields).zero(8).text(handler).zero(13))))
	return boxPiece("mdia", append(list, boxPiece("minf", bytesPiece(header), bytesPiece(dataHere()), rw.textTable(t, entries, wide)))...)
}

// textTable is the description of the samples: each is a chunk of its own, since
// what is shown in the gaps lies elsewhere.
func (rw *rewriter) textTable(t *rewrittenText, entries []textEntry, wide bool) piece {
	entry := t.entry
	if len(entries) == 0 {
		entry = makeBox(onlyListed, make([]byte, 6), []byte{0, 1})
	}
	count := uint32(len(entries))
	stsd := new(fields).zero(4).u32(1)
	stsd.u8(entry...)
	chunks := new(fields).zero(4).u32(0)
	if count > 0 {
		chunks = new(fields).zero(4).u32(1).u32(1).u32(1).u32(1)
	}
	each := func(kind string, before int, width int, values func(e *textEntry) []uint32) piece {
		return tablePiece(kind, before, count, width, func(put func(...uint32) error) error {
			for i := range entries {
				if err := put(values(&entries[i])...); err != nil {
					return err
				}
			}
			return nil
		})
	}
	place := func(e *textEntry) int64 { return rw.base + t.offset + e.offset }
	offsets := each("stco", 4, 4, func(e *textEntry) []uint32 { return []uint32{uint32(place(e))} })
	if wide {
		offsets = each("co64", 4, 8, func(e *textEntry) []uint32 { return []uint32{uint32(place(e) >> 32), uint32(place(e))} })
	}
	return boxPiece("stbl",
		bytesPiece(makeBox("stsd", *stsd)),
		each("stts", 4, 8, func(e *textEntry) []uint32 { return []uint32{1, e.lasts} }),
		bytesPiece(makeBox("stsc", *chunks)),
		each("stsz", 8, 4, func(e *textEntry) []uint32 { return []uint32{e.size} }),
		offsets)
}
