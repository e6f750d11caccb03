package hlsrules

import (
	"fmt"
	"strings"
)

// playlist is the lines of a playlist.
type playlist struct {
	uri   string
	raw   string
	lines []line
}

// line is a line of a playlist: a tag, a URI, a comment or blank.
type line struct {
	number int
	text   string
	name   string // of a tag, without #
	value  string // after the colon
	colon  bool
	attributes
}

// parse splits a playlist into its lines. It takes everything.
func parse(uri string, text []byte) *playlist {
	p := &playlist{uri: uri, raw: string(text)}
	n := 0
	for raw := range strings.Lines(strings.TrimPrefix(p.raw, bom)) {
		n++
		l := line{number: n, text: strings.TrimSuffix(strings.TrimSuffix(raw, "\n"), "\r")}
		if strings.HasPrefix(l.text, "#EXT") {
			l.name, l.value, l.colon = strings.Cut(l.text[1:], ":")
			if tags[l.name].form == list {
				l.attributes = parseAttributes(l.value)
			}
		}
		p.lines = append(p.lines, l)
	}
	return p
}

const bom = "\ufeff"

func (l *line) isURI() bool { return l.text != "" && l.text[0] != '#' }

func (p *playlist) at(l *line) string { return fmt.Sprintf("%s:%d", p.uri, l.number) }

// find returns the first tag of that name, or nil.
func (p *playlist) find(name string) *line {
	for i := range p.lines {
		if p.lines[i].name == name {
			return &p.lines[i]
		}
	}
	return nil
}

// all returns the tags of that name.
func (p *playlist) all(name string) []*line {
	var found []*line
	for i := range p.lines {
		if p.lines[i].name == name {
			found = append(found, &p.lines[i])
		}
	}
	return found
}

// multivariant tells the two kinds apart by the first tag that only one has.
func (p *playlist) multivariant() bool {
	for i := range p.lines {
		t, known := tags[p.lines[i].name]
		switch {
		case !known || t.scope == anywhere:
		default:
			return t.scope == inMultivariant
		}
	}
	return false
}
