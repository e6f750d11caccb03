package hlsrules

import (
	"net/url"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// text checks a playlist line by line, and each tag by the table of tags.
func (c *checker) text(p *playlist) {
	c.characters(p)
	seen, scopes := map[string]bool{}, map[bool]bool{}
	for i := range p.lines {
		l := &p.lines[i]
		c.whitespace(p, l)
		switch {
		case l.isURI():
			if !isURI(l.text) {
				c.report("uri", p.at(l), "%q is no URI", l.text)
			}
		case l.name != "":
			t, known := tags[l.name]
			if !known {
				c.unknown(p, l)
				continue
			}
			if t.once && seen[l.name] {
				c.report(l.name+" once", p.at(l), "it stands here again")
			}
			seen[l.name] = true
			if t.scope != anywhere {
				scopes[t.scope == inMultivariant] = true
			}
			c.tag(p, l, &t)
		}
	}
	if len(scopes) == 2 {
		c.report("one-kind", p.uri, "it has tags of both")
	}
	if len(p.lines) == 0 || p.lines[0].text != "#EXTM3U" {
		c.report("first-line", p.uri+":1", "it is not #EXTM3U")
	}
	c.versions(p)
	c.defines(p)
}

// unknown lists a tag that is none of the draft's.
func (c *checker) unknown(p *playlist, l *line) {
	if l.name == "EXT-X-ALLOW-CACHE" && p.version() >= 7 {
		c.report("removed", p.at(l), "%s in version %d", l.name, p.version())
		return
	}
	c.report("known-tag", p.at(l), "#%s", l.name)
}

// characters checks what a playlist is written in.
func (c *checker) characters(p *playlist) {
	if u, err := url.Parse(p.uri); err == nil && !strings.HasSuffix(u.Path, ".m3u8") && !strings.HasSuffix(u.Path, ".m3u") {
		c.report("name", p.uri, "its path says nothing")
	}
	if !utf8.ValidString(p.raw) {
		c.report("utf-8", p.uri, "there are bytes that are not UTF-8")
	}
	if strings.HasPrefix(p.raw, bom) {
		c.report("no-bom", p.uri, "it begins with U+FEFF")
	}
	if !norm.NFC.IsNormalString(p.raw) {
		c.report("nfc", p.uri, "it is not in normalization form C")
	}
	if i := strings.IndexFunc(p.raw, func(r rune) bool { return r < ' ' && r != '\r' && r != '\n' || r >= 0x7f && r <= 0x9f }); i >= 0 {
		c.report("no-control", p.uri, "byte %d is %#x", i, p.raw[i])
	}
	if strings.Contains(strings.ReplaceAll(p.raw, "\r\n", ""), "\r") {
		c.report("line-end", p.uri, "a carriage return stands alone")
	}
}

// whitespace looks for it outside of quotes, titles and comments.
func (c *checker) whitespace(p *playlist, l *line) {
	text := l.text
	switch {
	case text == "" || text[0] == '#' && l.name == "":
		return
	case l.name == "EXTINF":
		text, _, _ = strings.Cut(text, ",")
	}
	quotes := false
	for _, r := range text {
		switch {
		case r == '"':
			quotes = !quotes
		case !quotes && (r == ' ' || r == '\t' || r == '\u00a0'):
			c.report("whitespace", p.at(l), "%q", l.text)
			return
		}
	}
}

// tag checks what stands after a tag's name.
func (c *checker) tag(p *playlist, l *line, t *tag) {
	switch t.form {
	case nothing:
		if l.colon || l.text != "#"+l.name {
			c.report(l.name+" form", p.at(l), "%q", l.text)
		}
	case integer:
		if !decimal.ok(l.value) {
			c.report(l.name+" form", p.at(l), "%q is no decimal-integer", l.value)
		}
	case other:
		if !forms[l.name].ok(l.value) {
			c.report(l.name+" form", p.at(l), "%q is not %s", l.value, forms[l.name].name)
		}
	case list:
		c.list(p, l, t)
	}
}

// forms are what follows the colon of a tag that has a form of its own.
var forms = map[string]kind{
	"EXT-X-PLAYLIST-TYPE":     enum("VOD", "EVENT"),
	"EXTINF":                  pattern("a duration, a comma and a title", `([0-9]+(\.[0-9]+)?|\.[0-9]+),.*`),
	"EXT-X-BYTERANGE":         pattern("a length and an offset", `[0-9]{1,20}(@[0-9]{1,20})?`),
	"EXT-X-PROGRAM-DATE-TIME": {"a date and time", isDate},
}

// list checks a tag's attributes against its table.
func (c *checker) list(p *playlist, l *line, t *tag) {
	if !l.ends {
		c.report("attribute-list", p.at(l), "%q cannot be read", l.broken)
	}
	seen := map[string]bool{}
	for _, a := range l.pairs {
		if seen[a.name] {
			c.report("attribute-once", p.at(l), "%s stands twice", a.name)
		}
		seen[a.name] = true
		k, known := t.attributes[a.name]
		switch {
		case a.name == "PROGRAM-ID" && p.version() >= 6:
			c.report("removed", p.at(l), "PROGRAM-ID in version %d", p.version())
		case !known && (!strings.HasPrefix(a.name, "X-") || l.name != "EXT-X-DATERANGE"):
			c.report("attribute-known", p.at(l), "%s has no %s", l.name, a.name)
		case known && !k.ok(a.value) && !strings.Contains(a.value, "{$"):
			c.report(l.name+" form", p.at(l), "%s=%s is not %s", a.name, a.value, k.name)
		}
	}
	for _, name := range t.required {
		if !seen[name] {
			c.report(l.name+" required", p.at(l), "there is no %s", name)
		}
	}
}
