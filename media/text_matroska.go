package media

import (
	"cmp"
	"math"
	"slices"

	"github.com/streamgate/streamgate/internal/problem"
)

// matroskaText is what a track of subtitles has besides.
type matroskaText struct {
	forced, hearing bool // FlagForced, FlagHearingImpaired
	packing         Packing
	packed          bool // in a way that is not undone here
	blocks          []textBlock
}

// textBlock is one block of subtitles.
type textBlock struct {
	offset       int64
	size         uint32
	stamp, lasts int64 // ticks of the file; lasts is -1 when it is not known
}

// matroskaTexts are the codecs of text that is read, by CodecID. What others have
// is pictures.
var matroskaTexts = map[string]bool{
	"S_TEXT/UTF8": true, "S_TEXT/ASCII": true, "S_TEXT/WEBVTT": true, "D_WEBVTT/SUBTITLES": true, "D_WEBVTT/CAPTIONS": true,
	"S_TEXT/ASS": true, "S_TEXT/SSA": true, "S_ASS": true, "S_SSA": true,
}

// isText reports whether it is a track of subtitles that are read.
func (t *matroskaTrack) isText() bool {
	return t.kind == matroskaTextTrack && !t.disabled && !t.text.packed && matroskaTexts[t.codec]
}

// unpack reads ContentEncodings (RFC 9559 §5.1.4.1.31): blocks of text are read
// here, and so can be unpacked.
func (t *matroskaText) unpack(b []byte) {
	count := 0
	master(b, func(id uint32, body []byte) {
		if id != idEncoding {
			return
		}
		kind, algo := uint64(0), uint64(0)
		var settings []byte
		master(body, func(id uint32, body []byte) {
			switch id {
			case idEncodingType:
				kind = ebmlUint(body)
			case idCompression:
				master(body, func(id uint32, body []byte) {
					switch id {
					case idCompressionAlgo:
						algo = ebmlUint(body)
					case idCompressionSet:
						settings = append([]byte(nil), body...)
					}
				})
			}
		})
		const zlib, stripped = 0, 3
		switch count++; {
		case kind == 0 && algo == zlib:
			t.packing.Zlib = true
		case kind == 0 && algo == stripped && len(settings) <= maxTextElement:
			t.packing.Prefix = settings
		default:
			t.packed = true
		}
	})
	t.packed = t.packed || count > 1 // one within another
}

// textBlock notes a block of subtitles, which has no laces (RFC 9559 §10.3).
func (m *matroska) textBlock(b *block) error {
	size := b.end - b.body
	if size == 0 || size > MaxTextSample || m.text >= maxAllText || len(b.track.text.blocks) >= maxTextSamples {
		return nil
	}
	m.text++
	b.track.text.blocks = append(b.track.text.blocks, textBlock{b.body, uint32(size), b.stamp, b.lasts})
	return nil
}

// lastText is how long a block lasts, in milliseconds, after which nothing comes
// and that does not say.
const lastText = 5000

// texts presents the tracks of subtitles, when the other tracks are aligned.
func (m *matroska) texts(p *parser) ([]*Text, error) {
	var list []*Text
	zero := convert(p.tracks[0].zero, p.tracks[0].track.Timescale, 1_000_000)
	for _, t := range m.tracks {
		if !t.isText() || len(t.text.blocks) == 0 || len(list) == maxPresented {
			continue
		}
		samples := m.textSamples(t, zero)
		if len(samples) == 0 {
			continue
		}
		text := &Text{ID: int(t.number), Codec: t.codec, Language: t.language, Name: t.name, Forced: t.text.forced, Packing: t.text.packing}
		if t.text.hearing {
			text.Characteristics = soundsDescribed
		}
		if text.pack(&p.blocks, samples, p.cut); len(p.blocks.buf) > maxBlockBytes {
			return nil, problem.Errorf(ErrInvalid, "the file has too many samples to index")
		}
		list = append(list, text)
	}
	return list, nil
}

// textSamples puts blocks on the presentation's timeline, which begins at zero
// microseconds of that of the file. A block that does not say how long it lasts
// does so until the next.
func (m *matroska) textSamples(t *matroskaTrack, zero int64) []TextSample {
	blocks := t.text.blocks
	slices.SortStableFunc(blocks, func(a, b textBlock) int { return cmp.Compare(a.stamp, b.stamp) })
	at := func(stamp int64) int64 {
		us := float64(stamp-m.first)*float64(m.scale)/1000 - float64(zero)
		return int64(math.Floor(max(min(us, maxTicks), -maxTicks)/1000 + 0.5))
	}
	var list []TextSample
	for i, b := range blocks {
		s := TextSample{Offset: b.offset, Size: b.size, Start: at(b.stamp), Zero: at(m.first)}
		switch {
		case b.lasts >= 0:
			s.End = at(b.stamp + b.lasts)
		case i+1 < len(blocks):
			s.End = at(blocks[i+1].stamp)
		default:
			s.End = s.Start + lastText
		}
		if s.End > max(s.Start, 0) && s.End <= maxDuration*1000 {
			list = append(list, s)
		}
	}
	return list
}
