package captions

import (
	"regexp"
	"strings"
)

// readSRT reads SubRip, for which there is no standard: a number, the times, the
// text, an empty line. Numbers may be missing, and so may the empty line; one in
// the middle of a text is passed over.
func (p *parser) readSRT(text string) error {
	var on *srtCue
	l := &lines{rest: text}
	afterBlank := true
	for {
		line, ok := l.next()
		if !ok {
			return on.end(p)
		}
		c, isTiming, err := parseTiming(line, l.number)
		switch line = strings.TrimSpace(line); {
		case err != nil:
			return err
		case isTiming:
			on.dropNumber()
			if err := on.end(p); err != nil {
				return err
			}
			on = &srtCue{cue: c, line: l.number}
		case afterBlank && startsTime.MatchString(line):
			return invalid(l.number, "there is no --> between the times of a cue, as in 00:00:01,000 --> 00:00:02,500")
		case line == "" || on == nil && isNumber(line):
		case on == nil:
			return invalid(l.number, "there is text before the times of the first cue")
		default:
			if err := on.add(line, l.number); err != nil {
				return err
			}
		}
		afterBlank = line == "" || isNumber(line)
	}
}

// startsTime is how a line of times begins.
var startsTime = regexp.MustCompile(`^-?\d+:\d+:\d+[,.]\d`)

func isNumber(line string) bool { return line != "" && strings.Trim(line, "0123456789") == "" }

// srtCue is a cue whose text is still being read.
type srtCue struct {
	cue  Cue
	line int
	text []string
	size int
}

func (c *srtCue) add(line string, number int) error {
	c.text = append(c.text, line)
	if c.size += len(line) + 1; c.size > MaxText {
		return tooLong(number)
	}
	return nil
}

// dropNumber takes off what belongs to the next cue.
func (c *srtCue) dropNumber() {
	if c != nil && len(c.text) > 0 && isNumber(c.text[len(c.text)-1]) {
		c.text = c.text[:len(c.text)-1]
	}
}

// override is how SubStation Alpha writes styles, which SubRip files took over.
var (
	override = regexp.MustCompile(`\{\\[^{}]*\}`)
	atTheTop = regexp.MustCompile(`\{\\an[789]\}`)
)

// end gives a cue that is complete to p.
func (c *srtCue) end(p *parser) (err error) {
	if c == nil {
		return nil
	}
	text := strings.Join(c.text, "\n")
	c.cue.Settings = "" // coordinates in pixels of an unknown picture
	if atTheTop.MatchString(text) {
		c.cue.Settings = "line:0"
	}
	if c.cue.Text, err = normalise(c.line, override.ReplaceAllString(text, "")); err != nil {
		return err
	}
	return p.add(c.line, c.cue)
}

func tooLong(line int) error { return invalid(line, "a cue has more than %d bytes", MaxText) }
