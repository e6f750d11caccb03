package captions

import (
	"regexp"
	"strings"
)

// lines goes through a text line by line.
type lines struct {
	rest   string
	number int // of the line that next returned last
}

func (l *lines) next() (string, bool) {
	if l.rest == "" {
		return "", false
	}
	line, rest, _ := strings.Cut(l.rest, "\n")
	l.rest = rest
	l.number++
	return line, true
}

// block is lines without an empty one between them.
type block struct {
	line  int // number of the first
	lines []string
}

// nextBlock skips empty lines and returns what stands up to the next one.
func (l *lines) nextBlock() (block, bool) {
	var b block
	for {
		line, ok := l.next()
		switch {
		case !ok:
			return b, len(b.lines) > 0
		case line != "":
			if b.lines == nil {
				b.line = l.number
			}
			b.lines = append(b.lines, line)
		case b.lines != nil:
			return b, true
		}
	}
}

// readVTT reads WebVTT (W3C, §4.1 and §6). Comments, style sheets and regions are
// left out: they are not in every segment that a cue is sent in. A player skips
// what it does not understand; here it is an error, since whoever sends a file
// can still mend it.
func (p *parser) readVTT(text string) error {
	l := &lines{rest: text}
	for { // the header ends with the first empty line, or where cues begin without one
		line, ok := l.next()
		if !ok {
			return nil
		}
		if line == "" {
			break
		}
		if strings.Contains(line, "-->") {
			return invalid(l.number, "an empty line has to follow the header")
		}
	}
	for {
		b, ok := l.nextBlock()
		if !ok {
			return nil
		}
		if isRemark(b.lines[0]) {
			continue
		}
		if err := p.vttCue(b); err != nil {
			return err
		}
	}
}

func isRemark(line string) bool {
	word, _, _ := strings.Cut(strings.ReplaceAll(line, "\t", " "), " ")
	return !strings.Contains(line, "-->") && (word == "NOTE" || word == "STYLE" || word == "REGION")
}

func (p *parser) vttCue(b block) error {
	at := 0
	if !strings.Contains(b.lines[0], "-->") {
		at = 1 // the identifier is the line before
	}
	if at == len(b.lines) {
		return invalid(b.line, "there is no line with the times of a cue, such as 00:01.000 --> 00:02.500")
	}
	number := b.line + at
	c, ok, err := parseTiming(b.lines[at], number)
	if err != nil {
		return err
	}
	if !ok {
		return invalid(number, "there is no --> between the times of a cue, as in 00:01.000 --> 00:02.500")
	}
	for i, line := range b.lines[at+1:] {
		if strings.Contains(line, "-->") {
			return invalid(number+1+i, "there is a --> in the text of a cue; an empty line has to stand between cues")
		}
	}
	c.Settings = settings(c.Settings)
	if c.Text, err = normalise(number, strings.Join(b.lines[at+1:], "\n")); err != nil {
		return err
	}
	return p.add(number, c)
}

// setting is one of WebVTT §4.1, in a spelling without surprises.
var setting = regexp.MustCompile(`^(vertical:(rl|lr)|line:(-?\d{1,4}|\d{1,3}(\.\d{1,4})?%)(,(start|center|end))?|` +
	`position:\d{1,3}(\.\d{1,4})?%(,(line-left|center|line-right))?|size:\d{1,3}(\.\d{1,4})?%|align:(start|center|end|left|right))$`)

// settings keeps those that are right, each once.
func settings(s string) string {
	var kept []string
	seen := map[string]bool{}
	for one := range strings.FieldsSeq(s[:min(len(s), 1000)]) {
		name, _, _ := strings.Cut(one, ":")
		if !seen[name] && setting.MatchString(one) {
			kept = append(kept, one)
			seen[name] = true
		}
	}
	return strings.Join(kept, " ")
}
