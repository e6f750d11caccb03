package captions

import (
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"time"
)

// maxElements is how deep the elements of a TTML document may be.
const maxElements = 64

// readTTML reads TTML (W3C, TTML1 and TTML2, with them IMSC1 text, SMPTE-TT and
// EBU-TT-D): paragraphs, their times and those of what they are in, lines,
// and italic, bold and underlined text. Where on the picture it stands is left
// out. Images, other clocks than that of the media, and containers whose
// children come one after the other are not read.
func (p *parser) readTTML(text string) error {
	d := &ttml{parser: p, dec: xml.NewDecoder(strings.NewReader(text)), styles: map[string]style{}}
	d.dec.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil } // it is UTF-8 by now
	d.clock.setDefaults()
	for {
		token, err := d.dec.Token()
		if errors.Is(err, io.EOF) {
			return d.complete()
		}
		if err != nil {
			return d.malformed(err)
		}
		if err := d.token(token); err != nil {
			return err
		}
	}
}

// ttml is a document that is being read.
type ttml struct {
	*parser

	dec    *xml.Decoder
	clock  ttmlClock
	styles map[string]style // by xml:id
	path   []element        // from the root to where we are
	inside int              // depth of the paragraph that we are in; 0 outside
	runs   []ttmlRun        // of the paragraph
	size   int              // of its text
	rooted bool
}

// element is one that is open.
type element struct {
	name     string
	begin    time.Duration // of its own, in the time of the presentation
	end      time.Duration // MaxTime+1 where nothing ends it
	style    style
	preserve bool // xml:space
	skipped  bool
	line     int
}

// ttmlRun is text that is shown for one time in one style.
type ttmlRun struct {
	begin, end time.Duration
	style      style
	text       string
}

type style struct{ italic, bold, underline bool }

const forever = MaxTime + 1

func (d *ttml) line() int {
	line, _ := d.dec.InputPos()
	return line
}

func (d *ttml) malformed(err error) error {
	detail := "the XML is not well-formed"
	if s, ok := errors.AsType[*xml.SyntaxError](err); ok {
		return invalid(s.Line, "%s: %.100s", detail, s.Msg)
	}
	return invalid(d.line(), "%s", detail)
}

func (d *ttml) complete() error {
	if !d.rooted {
		return invalid(1, "this is neither WebVTT, nor SubRip (SRT), nor TTML")
	}
	return nil
}

func (d *ttml) token(token xml.Token) error {
	switch t := token.(type) {
	case xml.StartElement:
		return d.start(t)
	case xml.EndElement:
		return d.endElement()
	case xml.CharData:
		return d.text(string(t))
	}
	return nil
}

func (d *ttml) start(t xml.StartElement) error {
	name := t.Name.Local
	if !d.rooted {
		if name != "tt" {
			return invalid(d.line(), "the document is <%.40s>, which is no TTML", name)
		}
		d.rooted = true
		if err := d.clock.configure(d.line(), t.Attr); err != nil {
			return err
		}
	}
	if len(d.path) == maxElements {
		return invalid(d.line(), "elements are more than %d deep within each other", maxElements)
	}
	e, err := d.open(name, t.Attr)
	if err != nil {
		return err
	}
	d.path = append(d.path, e)
	switch {
	case e.skipped:
	case name == "p" && d.inside == 0:
		d.inside = len(d.path)
	case name == "br" && d.inside > 0:
		return d.write("\n", e)
	case name == "style" && len(d.path) > 2:
		d.styles[attribute(t.Attr, "id")] = e.style
	}
	return nil
}

// open makes an element of a start tag within the innermost one that is open.
func (d *ttml) open(name string, attrs []xml.Attr) (element, error) {
	e := element{name: name, end: forever, line: d.line()}
	if n := len(d.path); n > 0 {
		up := d.path[n-1]
		e.begin, e.end, e.style, e.preserve, e.skipped = up.begin, up.end, up.style, up.preserve, up.skipped
	}
	switch name {
	case "metadata", "title", "desc", "copyright", "agent", "region", "set", "image":
		e.skipped = true
	}
	for _, a := range attrs {
		switch a.Name.Local {
		case "style":
			for id := range strings.FieldsSeq(a.Value) {
				e.style = e.style.and(d.styles[id])
			}
		case "space":
			e.preserve = a.Value == "preserve"
		case "timeContainer":
			if a.Value != "par" {
				return e, invalid(e.line, "a timeContainer %.20q is not read here; give every paragraph a begin and an end", a.Value)
			}
		}
	}
	for _, a := range attrs {
		e.style.set(a)
	}
	return e, d.setTimes(&e, attrs)
}

// setTimes reads begin and end, which count from the beginning of the parent,
// and dur.
func (d *ttml) setTimes(e *element, attrs []xml.Attr) error {
	from, dur := e.begin, forever
	for _, a := range attrs {
		name := a.Name.Local
		if a.Name.Space != "" || name != "begin" && name != "end" && name != "dur" {
			continue
		}
		t, ok := d.clock.parse(strings.TrimSpace(a.Value))
		if !ok {
			return invalid(e.line, "%s is %.40q, which is no time such as 00:01:02.500 or 62.5s", name, a.Value)
		}
		switch name {
		case "begin":
			e.begin = min(from+t, forever)
		case "end":
			e.end = min(e.end, from+t)
		case "dur":
			dur = t
		}
	}
	e.end = min(e.end, e.begin+dur)
	return nil
}

func (d *ttml) endElement() error {
	last := len(d.path) - 1
	e := d.path[last]
	d.path = d.path[:last]
	if d.inside <= last {
		return nil
	}
	d.inside = 0
	return d.endParagraph(e)
}

func (d *ttml) text(s string) error {
	if d.inside == 0 {
		return nil
	}
	e := d.path[len(d.path)-1]
	if !e.preserve {
		s = collapse(s)
	}
	return d.write(s, e)
}

// collapse makes one space of all that stand together (TTML2 §8.2.10).
func collapse(s string) string {
	isSpace := func(r rune) bool { return r == ' ' || r == '\n' || r == '\t' }
	words := strings.Join(strings.FieldsFunc(s, isSpace), " ")
	if words == "" {
		return " "
	}
	if isSpace(rune(s[0])) {
		words = " " + words
	}
	if isSpace(rune(s[len(s)-1])) {
		words += " "
	}
	return words
}

// write adds text to the paragraph.
func (d *ttml) write(s string, e element) error {
	if e.skipped || s == "" {
		return nil
	}
	if d.size += len(s); d.size > MaxText {
		return tooLong(d.line())
	}
	run := ttmlRun{begin: e.begin, end: e.end, style: e.style, text: s}
	if n := len(d.runs); n > 0 && d.runs[n-1].sameBut(run) {
		d.runs[n-1].text += s
		return nil
	}
	d.runs = append(d.runs, run)
	return nil
}

func (r ttmlRun) sameBut(o ttmlRun) bool {
	return r.begin == o.begin && r.end == o.end && r.style == o.style
}

// endParagraph makes a cue of each time for which a part of it is shown.
func (d *ttml) endParagraph(p element) error {
	runs := d.runs
	d.runs, d.size = nil, 0
	for len(runs) > 0 {
		first := runs[0]
		n := slices.IndexFunc(runs, func(r ttmlRun) bool { return r.begin != first.begin || r.end != first.end })
		if n < 0 {
			n = len(runs)
		}
		text, err := normalise(p.line, marked(runs[:n]))
		if err != nil {
			return err
		}
		if first.end == forever && d.isSample {
			first.end = MaxTime
		}
		if text != "" && first.end == forever {
			return invalid(p.line, "nothing says when this paragraph ends")
		}
		if err := d.add(p.line, Cue{Start: first.begin, End: first.end, Text: text}); err != nil {
			return err
		}
		runs = runs[n:]
	}
	return nil
}
