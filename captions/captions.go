// Package captions reads subtitles in the three formats in which people have
// them (WebVTT, SubRip and TTML) and brings them into one form, a WebVTT file
// without surprises:
//
//	cues, err := captions.Parse(body)
//	file := captions.Format(cues)
//
// A [Sample] is one of a track within a media file, and becomes the same cues.
//
// What they are is told by the content, never by a name or a media type. The
// text may be UTF-8, or UTF-16 with a byte order mark. Whatever cannot be read is
// an error that names the line.
//
// Input is hostile: parsing takes time and memory in proportion to its size, and
// the limits below hold for all that comes out. In the text of a cue only the
// tags are left that WebVTT knows, balanced, and all else is escaped.
package captions

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/streamgate/streamgate/internal/problem"
)

// ErrInvalid means that something cannot be read as subtitles. It is a
// problem with the field "line", counted from 1, where one line is to blame.
var ErrInvalid error = problem.NewKind(http.StatusUnprocessableEntity, "captions-invalid", "These are no subtitles that can be read")

// What a file may have.
const (
	MaxBytes = 8 << 20 // of a file, as it comes and as Format writes it
	MaxCues  = 100_000 // of a file
	MaxText  = 16 << 10
	MaxTime  = 1000 * time.Hour // up to where a cue may end
	// MaxShown is how many bytes may be shown at the same time. Whatever is cut
	// into segments repeats a cue in each of them, and must not explode.
	MaxShown = 64 << 10
	maxDepth = 16 // of tags within each other
)

// Cue is one piece of text that is shown for some time.
type Cue struct {
	Start, End time.Duration // from the beginning of the presentation, in whole milliseconds; Start < End
	Settings   string        // where it stands: WebVTT §4.1, cue settings; "" is the player's choice
	Text       string        // WebVTT cue text, at least one line and none that is empty
}

// Parse reads a file, tells its format by its content, and returns its cues in
// the order in which they begin. At least one is there, else it is ErrInvalid.
func Parse(file []byte) ([]Cue, error) {
	if len(file) > MaxBytes {
		return nil, problem.Errorf(ErrInvalid, "the file has more than the %d bytes that are read here", MaxBytes)
	}
	text, err := decode(file)
	if err != nil {
		return nil, err
	}
	p := &parser{size: len(Header) + 1}
	switch formatOf(text) {
	case webVTT:
		err = p.readVTT(text)
	case subRip:
		err = p.readSRT(text)
	case timedText:
		err = p.readTTML(text)
	default:
		err = problem.Errorf(ErrInvalid, "this is neither WebVTT, nor SubRip (SRT), nor TTML")
	}
	if err != nil {
		return nil, err
	}
	return p.finish()
}

// A parser collects cues.
type parser struct {
	cues []entry
	size int // about what Format makes of them, in bytes

	isSample bool // of a track: something else says when it ends
}

// entry is a cue and the line at which it begins.
type entry struct {
	Cue

	line int
}

// add takes a cue whose text has been normalised. One without text, or without
// a time in which it could be seen, is left out.
func (p *parser) add(line int, c Cue) error {
	switch {
	case c.Text == "":
		return nil
	case c.End < c.Start:
		return invalid(line, "the cue ends before it begins")
	case c.End > MaxTime:
		return invalid(line, "the cue ends after %d hours; at most that many are possible", MaxTime/time.Hour)
	case c.End == c.Start:
		return nil
	case len(p.cues) == MaxCues:
		return invalid(line, "there are more than %d cues", MaxCues)
	}
	p.cues = append(p.cues, entry{c, line})
	if p.size += cueSize(&c); p.size > MaxBytes {
		return invalid(line, "with this cue it would be more than %d bytes of WebVTT", MaxBytes)
	}
	return nil
}

// finish sorts the cues and checks what can only be seen of all together.
func (p *parser) finish() ([]Cue, error) {
	if len(p.cues) == 0 {
		return nil, problem.Errorf(ErrInvalid, "there is no cue with text in it")
	}
	slices.SortStableFunc(p.cues, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(b.End, a.End)) // as WebVTT orders them: the longer first
	})
	if err := p.checkShown(); err != nil {
		return nil, err
	}
	cues := make([]Cue, len(p.cues))
	for i := range p.cues {
		cues[i] = p.cues[i].Cue
	}
	return cues, nil
}

// checkShown holds the cues that are shown at the same time to MaxShown.
func (p *parser) checkShown() error {
	ends := make([]*entry, len(p.cues))
	for i := range p.cues {
		ends[i] = &p.cues[i]
	}
	slices.SortFunc(ends, func(a, b *entry) int { return cmp.Compare(a.End, b.End) })
	shown := 0
	for i := range p.cues {
		c := &p.cues[i]
		for len(ends) > 0 && ends[0].End <= c.Start {
			shown -= cueSize(&ends[0].Cue)
			ends = ends[1:]
		}
		if shown += cueSize(&c.Cue); shown > MaxShown {
			return invalid(c.line, "more than %d bytes of cues are to be shown at the same time", MaxShown)
		}
	}
	return nil
}

// invalid is ErrInvalid for a line, which is counted from 1.
func invalid(line int, format string, args ...any) error {
	err := problem.Errorf(ErrInvalid, format, args...).(*problem.Error) //nolint:errorlint // it was just made
	err.Detail = lineName(line) + err.Detail
	err.Fields = map[string]any{"line": line}
	return err
}

// What a file can be.
type format int

const (
	unknown format = iota
	webVTT
	subRip
	timedText
)

func formatOf(text string) format {
	rest, isVTT := strings.CutPrefix(text, "WEBVTT")
	start := strings.TrimLeft(text, " \t\n")
	switch {
	case isVTT && (rest == "" || strings.ContainsRune(" \t\n", rune(rest[0]))):
		return webVTT
	case strings.HasPrefix(start, "<"):
		return timedText
	case strings.Contains(text, "-->"):
		return subRip
	}
	return unknown
}
