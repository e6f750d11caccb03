package captions

import (
	"encoding/binary"
	"html"
	"strings"
	"unicode/utf8"

	"github.com/streamgate/streamgate/internal/problem"
)

// box is one of ISO/IEC 14496-12 §4.2, within a sample.
type box struct {
	kind string
	body []byte
}

// nextBox takes a box from the beginning of b.
func nextBox(b []byte) (first box, rest []byte, ok bool) {
	if len(b) < 8 {
		return box{}, nil, false
	}
	size := uint64(binary.BigEndian.Uint32(b))
	if size < 8 || size > uint64(len(b)) {
		return box{}, nil, false
	}
	return box{string(b[4:8]), b[8:size]}, b[size:], true
}

// boxedVTT reads a sample of WebVTT (ISO/IEC 14496-30 §7.4): a box for each cue
// that is shown, or one that says that nothing is.
func (s *Sample) boxedVTT() ([]Cue, error) {
	var cues []Cue
	for rest := s.Data; len(rest) > 0; {
		var b box
		var ok bool
		if b, rest, ok = nextBox(rest); !ok {
			return nil, problem.Errorf(ErrInvalid, "a box of the sample is longer than the sample")
		}
		if b.kind != "vttc" || len(cues) == maxPerSample {
			continue
		}
		text, set := "", ""
		for in := b.body; len(in) > 0; {
			var part box
			if part, in, ok = nextBox(in); !ok {
				return nil, problem.Errorf(ErrInvalid, "a box of a cue is longer than the cue")
			}
			switch part.kind {
			case "payl":
				text = readable(part.body)
			case "sttg":
				set = settings(readable(part.body))
			}
		}
		list, err := s.cue(text, set)
		if err != nil {
			return nil, err
		}
		cues = append(cues, list...)
	}
	return cues, nil
}

// plainVTT reads a block of S_TEXT/WEBVTT: the text of a cue. Where it stands is
// in additions to the block, which are not read.
func (s *Sample) plainVTT() ([]Cue, error) { return s.cue(readable(s.Data), "") }

// webmVTT reads a block as WebM had them first: identifier, settings, text.
func (s *Sample) webmVTT() ([]Cue, error) {
	_, rest, _ := strings.Cut(readable(s.Data), "\n")
	set, text, _ := strings.Cut(rest, "\n")
	return s.cue(text, settings(set))
}

// timedText reads a sample of 3GPP timed text (TS 26.245 §5.17): a length, so
// many bytes of text, and boxes that say how it looks. QuickTime text is the
// same, with boxes of its own.
func (s *Sample) timedText() ([]Cue, error) {
	b := s.Data
	if len(b) < 2 {
		return nil, problem.Errorf(ErrInvalid, "the sample does not say how long its text is")
	}
	n := int(binary.BigEndian.Uint16(b))
	if n > len(b)-2 {
		return nil, problem.Errorf(ErrInvalid, "the sample says that %d bytes of text are in it; there are %d", n, len(b)-2)
	}
	if n > MaxText {
		return nil, tooLong(1)
	}
	text := []rune(s.characters(b[2 : 2+n]))
	return s.cue(styledText(text, b[2+n:]), "")
}

// characters decodes the text of timedText: UTF-8, or UTF-16 with its mark, or, of
// QuickTime, what the Macintosh had before.
func (s *Sample) characters(b []byte) string {
	switch {
	case has(b, 0xfe, 0xff):
		return decode16(b[2:], binary.BigEndian)
	case has(b, 0xff, 0xfe):
		return decode16(b[2:], binary.LittleEndian)
	case s.Coding == "text" && !utf8.Valid(b):
		return macRoman(b)
	}
	return strings.TrimPrefix(strings.ToValidUTF8(string(b), "\ufffd"), "\ufeff")
}

const (
	faceBold = 1 << iota
	faceItalic
	faceUnderline

	styleRecord = 12 // bytes
)

// styledText marks text by the records of a styl box (TS 26.245 §5.17.1.1), which
// are in order and apart; others are passed over.
func styledText(text []rune, boxes []byte) string {
	var out strings.Builder
	at := 0
	write := func(to int, face byte) {
		open, end := style{bold: face&faceBold != 0, italic: face&faceItalic != 0, underline: face&faceUnderline != 0}.tags()
		out.WriteString(open)
		out.WriteString(html.EscapeString(unixLines.Replace(string(text[at:to]))))
		out.WriteString(end)
		at = to
	}
	for {
		b, rest, ok := nextBox(boxes)
		if !ok {
			break
		}
		if boxes = rest; b.kind != "styl" || len(b.body) < 2 {
			continue
		}
		for r := b.body[2:]; len(r) >= styleRecord; r = r[styleRecord:] {
			from, to := int(binary.BigEndian.Uint16(r)), min(int(binary.BigEndian.Uint16(r[2:])), len(text))
			if face := r[6] & (faceBold | faceItalic | faceUnderline); face != 0 && from >= at && from < to {
				write(from, 0)
				write(to, face)
			}
		}
	}
	write(len(text), 0)
	return out.String()
}

// macRoman decodes the character set of the Macintosh before Unicode.
func macRoman(b []byte) string {
	var out strings.Builder
	for _, c := range b {
		if c < 0x80 {
			out.WriteByte(c)
		} else {
			out.WriteRune(macRunes[c-0x80])
		}
	}
	return out.String()
}

var macRunes = []rune("ÄÅÇÉÑÖÜáàâäãåçéèêëíìîïñóòôöõúùûü†°¢£§•¶ß®©™´¨≠ÆØ∞±≤≥¥µ∂∑∏π∫ªºΩæø" +
	"¿¡¬√ƒ≈∆«»…\u00a0ÀÃÕŒœ–—“”‘’÷◊ÿŸ⁄€‹›ﬁﬂ‡·‚„‰ÂÊÁËÈÍÎÏÌÓÔ\uf8ffÒÚÛÙıˆ˜¯˘˙˚¸˝˛ˇ")
