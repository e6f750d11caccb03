package media

import "encoding/binary"

// textPageMemory is about what a textPage takes.
const textPageMemory = 48

// appendTextPages writes the pages of a track of subtitles for the head of an index.
func appendTextPages(b []byte, pages []textPage) []byte {
	b = binary.AppendUvarint(b, uint64(len(pages)))
	var prev textPage
	for _, p := range pages {
		b = binary.AppendVarint(b, p.From-prev.From)
		b = binary.AppendVarint(b, p.To-p.From)
		b = binary.AppendUvarint(b, uint64(p.Samples))
		b = binary.AppendVarint(b, p.Block.offset-prev.Block.offset-int64(prev.Block.size))
		b = binary.AppendUvarint(b, uint64(p.Block.size))
		b = binary.AppendUvarint(b, uint64(p.Block.sum))
		prev = p
	}
	return b
}

// textPages reads what appendTextPages wrote, whose blocks lie within so many bytes.
func (v *varints) textPages(t *Text, held int64) {
	n := v.unsigned()
	if v.bad || n > uint64(len(v.b)) || n > maxTextSamples {
		v.bad = true
		return
	}
	t.pages = make([]textPage, n)
	var prev textPage
	for i := range t.pages {
		p := textPage{From: prev.From + v.signed()}
		p.To = p.From + v.signed()
		p.Samples = int(v.unsigned())
		p.Block.offset = prev.Block.offset + int64(prev.Block.size) + v.signed()
		p.Block.size, p.Block.sum = uint32(v.unsigned()), uint32(v.unsigned())
		v.bad = v.bad || p.Samples < 1 || p.Samples > textPageSize || p.Block.offset < 0 || p.Block.offset > held-int64(p.Block.size)
		t.pages[i], prev = p, p
	}
}
