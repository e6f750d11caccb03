package hlsrules

import (
	"net/url"
	"strconv"
	"strings"
	"time"
)

// segment is a media segment as its playlist describes it.
type segment struct {
	*line                // of the URI
	uri         string   // resolved
	duration    float64  // of EXTINF, in seconds
	cut         bytesCut // of the resource
	init        *section
	keys        []*line // that apply
	starts      bool    // EXT-X-DISCONTINUITY stands before it
	gap         bool
	date        time.Time
	rate        float64 // of EXT-X-BITRATE, in bits a second
	discontinue int64   // discontinuity sequence number
}

// section is an init segment.
type section struct {
	*line
	uri string
	cut bytesCut
	key []*line
}

// bytesCut is a byte range; all of the resource where length is 0.
type bytesCut struct{ from, length int64 }

// reader reads the segments of a media playlist one after the other.
type reader struct {
	*checker
	p         *playlist
	segments  []segment
	next      segment // what is known of the next one
	timed     bool    // it has its EXTINF
	init      *section
	keys      []*line
	rate      float64
	sequence  int64  // discontinuities
	last      string // URI that the last byte range was of
	lastEnded int64
	dated     time.Time // the last segment's end by EXT-X-PROGRAM-DATE-TIME
}

// segmentsOf reads the segments of a media playlist, and checks their tags.
func (c *checker) segmentsOf(p *playlist) []segment {
	r := &reader{checker: c, p: p}
	if l := p.find("EXT-X-DISCONTINUITY-SEQUENCE"); l != nil {
		r.sequence, _ = strconv.ParseInt(l.value, 10, 64)
	}
	for i := range p.lines {
		l := &p.lines[i]
		if l.isURI() {
			r.segment(l)
			continue
		}
		r.tag(l)
	}
	if r.timed {
		c.report("extinf", p.uri, "the last EXTINF has no segment")
	}
	return r.segments
}

func (r *reader) tag(l *line) {
	switch l.name {
	case "EXTINF":
		if r.timed {
			r.report("extinf", r.p.at(l), "there is one for this segment already")
		}
		text, _, _ := strings.Cut(l.value, ",")
		r.next.duration, _ = strconv.ParseFloat(text, 64)
		r.timed = true
		if strings.Contains(text, ".") && r.p.version() < 3 {
			r.report("extinf-integer", r.p.at(l), "%s in version %d", text, r.p.version())
		}
	case "EXT-X-BYTERANGE":
		r.next.cut = r.cut(l.value)
	case "EXT-X-DISCONTINUITY":
		r.next.starts = true
		r.sequence++
		r.dated = time.Time{}
	case "EXT-X-GAP":
		r.next.gap = true
	case "EXT-X-PROGRAM-DATE-TIME":
		r.date(l)
	case "EXT-X-BITRATE":
		kilobits, _ := strconv.ParseFloat(l.value, 64)
		r.rate = 1000 * kilobits
	case "EXT-X-MAP":
		r.section(l)
	case "EXT-X-KEY":
		r.key(l)
	}
}

// cut reads a byte range; without an offset it is -1 until the URI is known.
func (r *reader) cut(s string) bytesCut {
	length, from, ok := strings.Cut(s, "@")
	c := bytesCut{from: -1}
	c.length, _ = strconv.ParseInt(length, 10, 64)
	if ok {
		c.from, _ = strconv.ParseInt(from, 10, 64)
	}
	return c
}

// date notes a program date, and checks that it does not go back.
func (r *reader) date(l *line) {
	at, ok := parseDate(l.value)
	if !ok {
		return
	}
	r.next.date = at
	if !r.dated.IsZero() && at.Before(r.dated.Add(-time.Second)) {
		r.report("date-order", r.p.at(l), "the segments before end at %v", r.dated)
	}
	r.dated = at
}

// section notes an init segment.
func (r *reader) section(l *line) {
	r.init = &section{line: l, uri: resolve(r.p.uri, l.get("URI")), key: r.keys}
	if l.has("BYTERANGE") {
		r.init.cut = r.cut(l.get("BYTERANGE"))
	}
	for _, k := range r.keys {
		if k.get("METHOD") == "AES-128" && !k.has("IV") {
			r.report("map-iv", r.p.at(l), "the key of line %d has no IV", k.number)
		}
	}
}

// segment ends a segment with its URI.
func (r *reader) segment(l *line) {
	s := r.next
	s.line, s.uri, s.init, s.keys, s.rate, s.discontinue = l, resolve(r.p.uri, l.text), r.init, r.keys, r.rate, r.sequence
	if !r.timed {
		r.report("extinf", r.p.at(l), "%s has none", l.text)
	}
	if s.cut.length > 0 {
		if s.cut.from < 0 {
			if s.uri != r.last {
				r.report("byterange-start", r.p.at(l), "there is no range of %s before", l.text)
			}
			s.cut.from = r.lastEnded
		}
		r.last, r.lastEnded = s.uri, s.cut.from+s.cut.length
	} else {
		r.last = ""
	}
	if !r.dated.IsZero() {
		r.dated = r.dated.Add(time.Duration(s.duration * float64(time.Second)))
	}
	r.segments = append(r.segments, s)
	r.next, r.timed = segment{}, false
}

// key checks EXT-X-KEY and notes to what it applies.
func (r *reader) key(l *line) {
	r.keyed(r.p, l)
	var kept []*line
	for _, k := range r.keys {
		if l.get("METHOD") != "NONE" && k.format() != l.format() {
			kept = append(kept, k)
		}
	}
	if r.keys = kept; l.get("METHOD") != "NONE" {
		r.keys = append(kept, l)
	}
}

func (l *line) format() string {
	if l.has("KEYFORMAT") {
		return l.get("KEYFORMAT")
	}
	return "identity"
}

// keyed checks the attributes of EXT-X-KEY and EXT-X-SESSION-KEY with each other.
func (c *checker) keyed(p *playlist, l *line) {
	switch method := l.get("METHOD"); {
	case method == "NONE" && len(l.pairs) > 1:
		c.report("key-none", p.at(l), "%s", l.value)
	case method != "NONE" && !l.has("URI"):
		c.report("key-uri", p.at(l), "%s", l.value)
	case (method == "SAMPLE-AES-CTR" || method == "AES-256-GCM") && l.has("IV"), l.has("IV") && len(l.get("IV")) != 2+32:
		c.report("key-iv", p.at(l), "%s", l.value)
	}
}

// resolve makes a URI of a playlist absolute, or leaves one that cannot be read.
func resolve(base, uri string) string {
	b, err := url.Parse(base)
	if err != nil {
		return uri
	}
	u, err := b.Parse(uri)
	if err != nil {
		return uri
	}
	return u.String()
}
