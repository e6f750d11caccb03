package media

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"

	"github.com/streamgate/streamgate/internal/problem"
)

// textEntries are the sample entries of text that is read, with how many bytes a
// sample has at least that shows anything: the rest are gaps.
var textEntries = map[string]uint32{"tx3g": 3, "text": 3, "wvtt": 9, "stpp": 1}

// texts presents the tracks of subtitles of a movie, for whose sake no file is
// refused: one that is broken is left out. It is called when the other tracks
// are aligned.
func (p *parser) texts() ([]*Text, error) {
	var list []*Text
	total := 0
	for _, t := range p.movie.tracks {
		if !p.isText(t) || len(list) == maxPresented {
			continue
		}
		text, samples, err := p.text(t)
		switch {
		case errors.Is(err, ErrInvalid):
			continue
		case err != nil:
			return nil, err
		}
		if total += len(samples); len(samples) == 0 || total > maxAllText {
			total -= len(samples)
			continue
		}
		if text.pack(&p.blocks, samples, p.cut); len(p.blocks.buf) > maxBlockBytes {
			return nil, problem.Errorf(ErrInvalid, "the file has too many samples to index")
		}
		list = append(list, text)
	}
	return list, nil
}

// isText leaves out chapters, which are text too.
func (p *parser) isText(t *trak) bool {
	switch t.handler {
	case "text", "sbtl", "subt":
	default:
		return false
	}
	return t.timescale > 0 && !p.isChapters(t)
}

func (p *parser) text(t *trak) (*Text, []TextSample, error) {
	if t.text.end != 0 {
		return p.settledText(t)
	}
	entry, body, err := p.textEntry(t)
	if err != nil || textEntries[entry] == 0 {
		return nil, nil, err
	}
	text := &Text{ID: int(t.id), Codec: entry, Language: t.language, Name: t.name, Characteristics: t.characteristics}
	text.handler, text.entry = t.handler, makeBox(entry, body)
	text.Forced = slices.Contains(t.characteristics, onlyForced) ||
		entry == "tx3g" && len(body) >= 12 && binary.BigEndian.Uint32(body[8:])&allForced != 0
	list, err := p.textSamples(t, textEntries[entry])
	return text, list, err
}

const (
	allForced  = 1 << 31 // of displayFlags in a tx3g box (QuickTime File Format, "Subtitle Sample Description")
	onlyForced = "public.subtitles.forced-only"
)

// textEntry is the kind and content of the first sample entry.
func (p *parser) textEntry(t *trak) (kind string, body []byte, err error) {
	if t.stsd.end == 0 || t.stsd.len() < 16 {
		return "", nil, problem.Errorf(ErrInvalid, "track %d does not say how it is coded (stsd)", t.id)
	}
	b, err := p.source.box(t.stsd.body+8, t.stsd.end)
	if err != nil {
		return "", nil, err
	}
	body, err = p.content(b)
	return b.kind(), body, err
}

// textSamples are those that show something, on the presentation's timeline.
func (p *parser) textSamples(t *trak, least uint32) ([]TextSample, error) {
	samples, err := p.samplesOf(&choice{trak: t})
	if err != nil {
		return nil, err
	}
	first := p.tracks[0]
	zero := convert(first.zero, first.track.Timescale, 1_000_000)
	at := func(ticks int64) int64 { return rounded(convert(ticks, t.timescale, 1_000_000) - zero) }
	var list []TextSample
	looked, bytes := 0, int64(0)
	for _, s := range t.spans(p.movie.timescale, 1) {
		if err := samples.rewind(); err != nil {
			return nil, err
		}
		shift := s.start - s.begin
		for {
			var r raw
			more, err := samples.next(&r)
			if err != nil {
				return nil, err
			}
			if !more {
				break
			}
			if looked++; looked > 4*maxTextSamples || len(list) == maxTextSamples || r.decode > maxTicks {
				return nil, problem.Errorf(ErrInvalid, "track %d has more text than is read", t.id)
			}
			from := max(r.decode+int64(r.shift), s.begin)
			to := min(r.decode+int64(r.shift)+int64(r.duration), s.end)
			if from >= to || r.size < least || r.size > MaxTextSample || r.offset < 0 || r.offset > p.source.size-int64(r.size) {
				continue
			}
			ts := TextSample{Offset: r.offset, Size: r.size, Start: at(from + shift), End: at(to + shift), Zero: at(shift)}
			if ts.End <= max(ts.Start, 0) || ts.End > maxDuration*1000 {
				continue
			}
			if bytes += int64(r.size); bytes > maxTextBytes {
				return nil, problem.Errorf(ErrInvalid, "track %d has more text than is read", t.id)
			}
			list = append(list, ts)
		}
	}
	return list, nil
}

// rounded is microseconds in milliseconds, to the nearest.
func rounded(us int64) int64 { return int64(math.Floor(float64(us)/1000 + 0.5)) }
