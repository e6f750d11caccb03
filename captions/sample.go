package captions

import (
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/streamgate/streamgate/internal/problem"
)

// A Sample is one sample of a text track within a media file.
type Sample struct {
	Coding     string        // one of those that Codings has
	Data       []byte        // as the track has it; hostile
	Start, End time.Duration // when it is shown, on the timeline on which cues are wanted
	Zero       time.Duration // there: where times that stand in the sample itself count from
}

// reader makes cues of a sample. Their times are those of the sample, which
// Cues sees to, but of a coding that has its own.
type reader func(s *Sample) ([]Cue, error)

// readers are all codings, by the sample entry of an MP4 or the CodecID of a
// Matroska file.
var readers = map[string]reader{
	"tx3g":               (*Sample).timedText,
	"text":               (*Sample).timedText,
	"wvtt":               (*Sample).boxedVTT,
	"stpp":               (*Sample).document,
	"S_TEXT/UTF8":        (*Sample).subRip,
	"S_TEXT/ASCII":       (*Sample).subRip,
	"S_TEXT/WEBVTT":      (*Sample).plainVTT,
	"D_WEBVTT/SUBTITLES": (*Sample).webmVTT,
	"D_WEBVTT/CAPTIONS":  (*Sample).webmVTT,
	"S_TEXT/ASS":         (*Sample).subStation,
	"S_TEXT/SSA":         (*Sample).subStation,
	"S_ASS":              (*Sample).subStation,
	"S_SSA":              (*Sample).subStation,
}

// IsCoding reports whether Sample.Cues reads samples of a coding: in MP4 and MOV
// 3GPP timed text ("tx3g", 3GPP TS 26.245), QuickTime text ("text"), WebVTT and
// TTML ("wvtt", "stpp", ISO/IEC 14496-30), by the names of sample entries; in
// Matroska SubRip, WebVTT and SubStation Alpha, by CodecID.
func IsCoding(name string) bool { return readers[name] != nil }

// maxPerSample is how many cues of a sample are taken.
const maxPerSample = 1000

// Cues returns what the sample shows, as safe as what Parse returns, in the
// order in which it stands there; nothing, where it shows nothing. Each cue
// begins and ends within the time of the sample, in whole milliseconds. A sample
// that cannot be read is ErrInvalid. Time and memory are in proportion to its
// size.
func (s *Sample) Cues() ([]Cue, error) {
	read := readers[s.Coding]
	switch {
	case read == nil:
		return nil, problem.Errorf(ErrInvalid, "samples of %.20q are not read here", s.Coding)
	case len(s.Data) > MaxBytes:
		return nil, problem.Errorf(ErrInvalid, "the sample has more than the %d bytes that are read here", MaxBytes)
	}
	cues, err := read(s)
	if err != nil {
		return nil, err
	}
	kept := cues[:0]
	for _, c := range cues[:min(len(cues), maxPerSample)] {
		c.Start, c.End = max(c.Start, s.Start).Round(time.Millisecond), min(c.End, s.End, MaxTime).Round(time.Millisecond)
		if c.Text != "" && c.Start < c.End {
			kept = append(kept, c)
		}
	}
	return kept, nil
}

// cue is one that is shown as long as the sample. Its text may have the markup
// of WebVTT.
func (s *Sample) cue(text, settings string) ([]Cue, error) {
	text, err := normalise(1, text)
	return []Cue{{Start: s.Start, End: s.End, Settings: settings, Text: text}}, err
}

// readable is text of a sample in UTF-8: what is not is replaced.
func readable(b []byte) string {
	text := strings.TrimRight(string(b), "\x00")
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "\ufffd")
	}
	return unixLines.Replace(text)
}

var unixLines = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n")

// subRip reads a block of S_TEXT/UTF8: the text of a cue of SubRip.
func (s *Sample) subRip() ([]Cue, error) {
	text := readable(s.Data)
	settings := ""
	if atTheTop.MatchString(text) {
		settings = "line:0"
	}
	return s.cue(override.ReplaceAllString(text, ""), settings)
}

var (
	// subStationText is what escapes mean, of which there are three.
	subStationText = strings.NewReplacer(`\N`, "\n", `\n`, "\n", `\h`, "\u00a0")
	// eventAtTheTop is an alignment at the top, as numbers of today or of before.
	eventAtTheTop = regexp.MustCompile(`\{[^{}]*\\(an[789]|a[567])[^0-9]`)
	// drawn says that text is a drawing from here on, or none any more.
	drawn = regexp.MustCompile(`\\p(\d)`)
)

// subStation reads a block of S_TEXT/ASS: the fields of an event but its times,
// of which the ninth is the text. Styles and drawings are left out.
func (s *Sample) subStation() ([]Cue, error) {
	fields := strings.SplitN(readable(s.Data), ",", 9)
	if len(fields) < 9 {
		return nil, problem.Errorf(ErrInvalid, "an event of SubStation Alpha has 9 fields, this has %d", len(fields))
	}
	text := fields[8]
	settings := ""
	if eventAtTheTop.MatchString(text) {
		settings = "line:0"
	}
	var b strings.Builder
	drawing := false
	for text != "" {
		i := strings.IndexByte(text, '{')
		end := strings.IndexByte(text[max(i, 0):], '}') + max(i, 0)
		if i < 0 || end < i {
			i = len(text)
		}
		if !drawing {
			b.WriteString(subStationText.Replace(text[:i]))
		}
		if i == len(text) {
			break
		}
		if at := drawn.FindStringSubmatch(text[i:end]); at != nil {
			drawing = at[1] != "0"
		}
		text = text[end+1:]
	}
	return s.cue(b.String(), settings)
}
