package hlsrules

import (
	"strconv"
	"strings"
)

// version is what EXT-X-VERSION says; a playlist without one is of version 1.
func (p *playlist) version() int {
	if l := p.find("EXT-X-VERSION"); l != nil {
		if n, err := strconv.Atoi(l.value); err == nil {
			return n
		}
	}
	return 1
}

// versions checks EXT-X-VERSION against what is used (§8).
func (c *checker) versions(p *playlist) {
	needed, because := p.needs()
	switch said := p.version(); {
	case said < needed:
		c.report("version", p.uri, "it is %d, %s needs %d", said, because, needed)
	case said > needed:
		c.report("version-low", p.uri, "it is %d, %d would do", said, needed)
	}
}

// needs is the lowest version that has all that a playlist uses, and what that is.
func (p *playlist) needs() (version int, because string) {
	version = 1
	need := func(n int, what string) {
		if n > version {
			version, because = n, what
		}
	}
	iFrames := p.find("EXT-X-I-FRAMES-ONLY") != nil
	for i := range p.lines {
		l := &p.lines[i]
		switch l.name {
		case "EXTINF":
			if duration, _, _ := strings.Cut(l.value, ","); strings.Contains(duration, ".") {
				need(3, "a duration with a fraction")
			}
		case "EXT-X-BYTERANGE", "EXT-X-I-FRAMES-ONLY":
			need(4, l.name)
		case "EXT-X-MAP":
			if need(5, l.name); !iFrames {
				need(6, "EXT-X-MAP without EXT-X-I-FRAMES-ONLY")
			}
		case "EXT-X-KEY":
			l.keyNeeds(need)
		case "EXT-X-MEDIA":
			l.mediaNeeds(need)
		case "EXT-X-SKIP":
			if need(9, l.name); l.has("RECENTLY-REMOVED-DATERANGES") {
				need(10, "EXT-X-SKIP of date ranges")
			}
		case "EXT-X-DEFINE":
			if need(8, l.name); l.has("QUERYPARAM") {
				need(11, "QUERYPARAM")
			}
		}
		for _, a := range l.pairs {
			if strings.HasPrefix(a.name, "REQ-") {
				need(12, a.name)
			}
		}
	}
	return version, because
}

func (l *line) keyNeeds(need func(int, string)) {
	if l.has("IV") {
		need(2, "IV")
	}
	if l.get("METHOD") == "SAMPLE-AES" || l.has("KEYFORMAT") || l.has("KEYFORMATVERSIONS") {
		need(5, "SAMPLE-AES or a key format")
	}
}

func (l *line) mediaNeeds(need func(int, string)) {
	switch id := l.get("INSTREAM-ID"); {
	case id == "":
	case l.get("TYPE") != "CLOSED-CAPTIONS":
		need(13, "INSTREAM-ID of "+l.get("TYPE"))
	case strings.HasPrefix(id, "SERVICE"):
		need(7, "SERVICE")
	}
}

// defines checks EXT-X-DEFINE (§4.4.2.3).
func (c *checker) defines(p *playlist) {
	seen := map[string]bool{}
	for _, l := range p.all("EXT-X-DEFINE") {
		count := 0
		for _, name := range []string{"NAME", "IMPORT", "QUERYPARAM"} {
			if !l.has(name) {
				continue
			}
			if count++; seen[l.get(name)] {
				c.report("define-distinct", p.at(l), "%s is there already", l.get(name))
			}
			seen[l.get(name)] = true
		}
		if count != 1 || l.has("NAME") != l.has("VALUE") {
			c.report("define-one", p.at(l), "%s", l.value)
		}
		if l.has("IMPORT") && p.multivariant() {
			c.report("define-import", p.at(l), "%s", l.value)
		}
	}
}
