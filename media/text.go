package media

import (
	"bytes"
	"cmp"
	"compress/zlib"
	"encoding/binary"
	"io"
	"slices"

	"github.com/streamgate/streamgate/internal/problem"
)

// Text is a track of subtitles within the file. What it shows is in its samples,
// which are read when they are wanted: package captions makes cues of them.
type Text struct {
	ID       int    // in the source
	Codec    string // what the samples are: a coding of package captions
	Language string // BCP 47; "" when it is not known
	Name     string // as the source names it; hostile text
	Forced   bool   // only what has to be read also by who understands the language that is spoken
	// Characteristics are media characteristic tags, such as
	// "public.accessibility.describes-music-and-sound".
	Characteristics []string

	Packing Packing // of the samples in the source
	Peak    int64   // about how many bytes of cues show within half the target duration of a segment, at most
	pages   []textPage

	handler string // of the source, where that is MP4
	entry   []byte // its sample entry there; nil once it was read from an index
}

// Packing is what has to be undone before a sample is what the codec wants.
type Packing struct {
	Zlib   bool
	Prefix []byte // that all samples begin with, and that is not repeated in them
}

// TextSample is one sample of a track of subtitles. Times are in milliseconds
// from the beginning of the presentation, and may be negative.
type TextSample struct {
	Number     int // of the sample in its track, from 1
	Offset     int64
	Size       uint32
	Start, End int64
	Zero       int64 // what times within the sample count from
}

const (
	maxTextSamples = 100_000  // of a track
	maxAllText     = 200_000  // of all tracks of a file
	maxTextBytes   = 64 << 20 // of a track
	// MaxTextSample is how many bytes of a sample of text are read, packed or not.
	MaxTextSample = 2 << 20
	textPageSize  = 128
)

// A textPage is samples that follow on each other, and when the first of them
// begins and the last ends.
type textPage struct {
	From, To int64
	Samples  int
	Block    blockRef
}

// pack writes the samples of a track, in the order in which they begin, to the
// blocks of an index.
func (t *Text) pack(w *blockWriter, list []TextSample, cut Cut) {
	slices.SortStableFunc(list, func(a, b TextSample) int { return cmp.Compare(a.Start, b.Start) })
	t.Peak = textPeak(list, int64(cut.Target*500))
	for chunk := range slices.Chunk(list, textPageSize) {
		page := textPage{From: chunk[0].Start, To: chunk[0].End, Samples: len(chunk)}
		at := len(w.buf)
		var prev TextSample
		for i := range chunk {
			s := &chunk[i]
			page.To = max(page.To, s.End)
			w.buf = binary.AppendVarint(w.buf, s.Offset-prev.Offset-int64(prev.Size))
			w.buf = binary.AppendUvarint(w.buf, uint64(s.Size))
			w.buf = binary.AppendVarint(w.buf, s.Start-prev.Start)
			w.buf = binary.AppendVarint(w.buf, s.End-s.Start)
			w.buf = binary.AppendVarint(w.buf, s.Zero-prev.Zero)
			prev = *s
		}
		page.Block = blockRefOf(w.buf, at)
		t.pages = append(t.pages, page)
	}
}

// textPeak is about how many bytes of cues show within any so many milliseconds.
func textPeak(list []TextSample, window int64) int64 {
	const (
		around  = 50  // bytes of a cue beside its text
		atLeast = 500 // of a larger sample most is markup
	)
	size := func(s *TextSample) int64 { return min(int64(s.Size), atLeast) + around }
	ends := slices.Clone(list)
	slices.SortFunc(ends, func(a, b TextSample) int { return cmp.Compare(a.End, b.End) })
	var peak, shown int64
	begun, ended := 0, 0
	for i := range list {
		for ; begun < len(list) && list[begun].Start < list[i].Start+window; begun++ {
			shown += size(&list[begun])
		}
		for ; ends[ended].End <= list[i].Start; ended++ {
			shown -= size(&ends[ended])
		}
		peak = max(peak, shown)
	}
	return peak
}

// Samples is how many there are.
func (t *Text) Samples() (n int) {
	for i := range t.pages {
		n += t.pages[i].Samples
	}
	return n
}

// TextSamples appends to dst the samples of a track of subtitles that show
// something from one time until before another, in milliseconds of the
// presentation, in the order in which they begin. The index is read from r when
// it came from Read. An error that matches ErrIndex means that it is damaged.
func (ix *Index) TextSamples(dst []TextSample, r io.ReaderAt, text int, from, to int64) ([]TextSample, error) {
	if text < 0 || text >= len(ix.Texts) {
		return dst, problem.Errorf(ErrNoSegment, "there is no text %d", text)
	}
	number := 0
	var page []TextSample
	for _, p := range ix.Texts[text].pages {
		if p.From >= to {
			break
		}
		if p.To > from {
			b, err := ix.blocks.read(r, p.Block)
			if err != nil {
				return dst, err
			}
			if page, err = readTextPage(page[:0], b, p.Samples); err != nil {
				return dst, err
			}
			for i := range page {
				if s := page[i]; s.End > from && s.Start < to {
					s.Number = number + i + 1
					dst = append(dst, s)
				}
			}
		}
		number += p.Samples
	}
	return dst, nil
}

// readTextPage reads what pack wrote.
func readTextPage(dst []TextSample, b []byte, n int) ([]TextSample, error) {
	v := varints{b: b}
	var s TextSample
	for range n {
		s.Offset += int64(s.Size) + v.signed()
		s.Size = uint32(v.unsigned())
		s.Start += v.signed()
		s.End = s.Start + v.signed()
		s.Zero += v.signed()
		dst = append(dst, s)
	}
	if v.bad || len(v.b) != 0 {
		return dst, problem.Errorf(ErrIndex, "a block of the index does not hold the samples that it should")
	}
	return dst, nil
}

// Read returns a sample as its codec has it, read from the source r. A sample
// that does not unpack is ErrInvalid; other errors are those of r.
func (t *Text) Read(r io.ReaderAt, s *TextSample) ([]byte, error) {
	if s.Size > MaxTextSample {
		return nil, problem.Errorf(ErrInvalid, "sample %d has %d bytes", s.Number, s.Size)
	}
	b := append(make([]byte, 0, len(t.Packing.Prefix)+int(s.Size)), t.Packing.Prefix...)
	at := len(b)
	b = b[:at+int(s.Size)]
	if n, err := r.ReadAt(b[at:], s.Offset); n < int(s.Size) {
		if err == io.EOF || err == nil {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	if !t.Packing.Zlib {
		return b, nil
	}
	z, err := zlib.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, problem.Because(ErrInvalid, err, "sample %d does not unpack", s.Number)
	}
	b, err = io.ReadAll(io.LimitReader(z, MaxTextSample+1))
	if err != nil || len(b) > MaxTextSample {
		return nil, problem.Because(ErrInvalid, err, "sample %d does not unpack", s.Number)
	}
	return b, nil
}
