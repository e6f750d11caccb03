package media

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"

	"github.com/streamgate/streamgate/internal/problem"
)

// rewrittenText is a track of subtitles of the new file. Its samples lie behind
// those of the other tracks, one after another: they are little beside them, and
// those of a segment are not all that it shows.
type rewrittenText struct {
	*Text
	samples []TextSample
	offset  int64 // of the first sample, counted from the first of all
	size    int64 // of all samples, and of what is shown where nothing is
	listed  []byte
}

// planTexts looks at every sample of every track of subtitles.
func (rw *rewriter) planTexts() error {
	for i, t := range rw.ix.Texts {
		r := rewrittenText{Text: t, offset: rw.media + rw.texts, size: int64(len(textGaps[t.Codec]))}
		var err error
		if r.samples, err = rw.ix.TextSamples(nil, nil, i, math.MinInt64, math.MaxInt64); err != nil {
			return err
		}
		for n := range r.samples {
			r.size += int64(r.samples[n].Size)
		}
		if r.listed, err = listTexts(t, r.samples); err != nil {
			return err
		}
		rw.texts += r.size
		rw.subtitles = append(rw.subtitles, r)
	}
	return nil
}

// copyTexts writes the samples of all tracks of subtitles.
func (rw *rewriter) copyTexts(w io.Writer) error {
	for i := range rw.subtitles {
		t := &rw.subtitles[i]
		for n := range t.samples {
			s := &t.samples[n]
			if err := rw.src.copy(w, s.Offset, int64(s.Size)); err != nil {
				return fmt.Errorf("reading sample %d of text track %d: %w", s.Number, t.ID, err)
			}
		}
		if _, err := w.Write(textGaps[t.Codec]); err != nil {
			return err
		}
	}
	return nil
}

// textType is the type of a uuid box in a track of subtitles that Rewrite wrote: it
// has what is presented, exactly. The tables beside it say the same to others, as
// far as tables can, which know no two samples at a time.
var textType = []byte{0x5e, 0x77, 0x1e, 0xd0, 0x8b, 0x1c, 0x4f, 0x26, 0x9a, 0x3d, 0x53, 0x47, 0x54, 0x45, 0x58, 0x54}

// settledText is the part of the box that is JSON.
type settledText struct {
	Codec   string
	Forced  bool
	Packing Packing
}

// listTexts writes what comes behind the type of the box and the place of the first
// sample: those follow on each other.
func listTexts(t *Text, samples []TextSample) ([]byte, error) {
	text, err := json.Marshal(settledText{t.Codec, t.Forced, t.Packing})
	if err != nil {
		return nil, err
	}
	b := append(binary.AppendUvarint(nil, uint64(len(text))), text...)
	b = binary.AppendUvarint(b, uint64(len(samples)))
	var prev TextSample
	for i := range samples {
		s := &samples[i]
		b = binary.AppendUvarint(b, uint64(s.Size))
		b = binary.AppendVarint(b, s.Start-prev.Start)
		b = binary.AppendVarint(b, s.End-s.Start)
		b = binary.AppendVarint(b, s.Zero-prev.Zero)
		prev = *s
	}
	if len(b) > maxSmallBox-len(textType)-8 {
		return nil, problem.Errorf(ErrUnsupported, "the subtitles of track %d are too many to be listed", t.ID)
	}
	return b, nil
}

// textBox is the box. Where the samples are is known when it is written.
func (rw *rewriter) textBox(t *rewrittenText) piece {
	place := piece{8, func(w io.Writer) error {
		_, err := w.Write(binary.BigEndian.AppendUint64(nil, uint64(rw.base+t.offset)))
		return err
	}}
	return boxPiece("uuid", bytesPiece(textType), place, bytesPiece(t.listed))
}

// settledText reads a track of subtitles that Rewrite wrote. What the box says is
// bounded as any other track is.
func (p *parser) settledText(t *trak) (*Text, []TextSample, error) {
	damaged := problem.Errorf(ErrInvalid, "the list of the subtitles of track %d is damaged", t.id)
	b, err := p.content(t.text)
	if err != nil {
		return nil, nil, err
	}
	if len(b) < len(textType)+8 {
		return nil, nil, damaged
	}
	at := int64(binary.BigEndian.Uint64(b[len(textType):]))
	v := varints{b: b[len(textType)+8:]}
	n := v.unsigned()
	var about settledText
	if v.bad || n > uint64(len(v.b)) || json.Unmarshal(v.b[:n], &about) != nil || len(about.Packing.Prefix) > maxTextElement {
		return nil, nil, damaged
	}
	if textEntries[about.Codec] == 0 && !matroskaTexts[about.Codec] {
		return nil, nil, damaged
	}
	v.b = v.b[n:]
	text := &Text{
		ID: int(t.id), Codec: about.Codec, Language: t.language, Name: t.name, Forced: about.Forced,
		Characteristics: t.characteristics, Packing: about.Packing,
	}
	list, ok := v.textSamples(at, p.source.size)
	if !ok {
		return nil, nil, damaged
	}
	return text, list, nil
}

// textSamples reads the samples of listTexts, which begin at a place in a file of
// that size.
func (v *varints) textSamples(at, size int64) ([]TextSample, bool) {
	n := v.unsigned()
	if v.bad || n > maxTextSamples || n > uint64(len(v.b)) || at < 0 {
		return nil, false
	}
	list := make([]TextSample, 0, n)
	var s TextSample
	total := int64(0)
	for range n {
		bytes := v.unsigned()
		s.Start += v.signed()
		s.End = s.Start + v.signed()
		s.Zero += v.signed()
		if v.bad || bytes > MaxTextSample || at > size-int64(bytes) || s.Start < -maxTicks || s.End <= max(s.Start, 0) || s.End > maxDuration*1000 {
			return nil, false
		}
		if total += int64(bytes); total > maxTextBytes {
			return nil, false
		}
		s.Offset, s.Size = at, uint32(bytes)
		list = append(list, s)
		at += int64(bytes)
	}
	return list, len(v.b) == 0
}
