package hlsrules

import (
	"math"
	"slices"
	"strings"
)

// variant is EXT-X-STREAM-INF or EXT-X-I-FRAME-STREAM-INF.
type variant struct {
	*line
	uri     string // resolved
	iFrames bool
}

// presentation is a multivariant playlist and the media playlists behind it.
type presentation struct {
	*playlist
	variants []variant
	lists    map[string]*mediaList // by URI; nil where one cannot be read
	ordered  []*mediaList
}

// multivariant checks a multivariant playlist whose text was checked, and all
// that it leads to.
func (c *checker) multivariant(p *playlist) {
	pr := &presentation{playlist: p, lists: map[string]*mediaList{}}
	c.variants(pr)
	c.groups(pr)
	c.sessions(pr)
	for i := range pr.variants {
		c.open(pr, pr.variants[i].uri, pr.variants[i].line, false)
	}
	for _, l := range p.all("EXT-X-MEDIA") {
		if l.has("URI") {
			c.open(pr, resolve(p.uri, l.get("URI")), l, l.get("TYPE") == "SUBTITLES")
		}
	}
	c.repeated(pr)
	c.truths(pr)
	c.channelsNeeded(pr)
	c.sessionKeys(pr)
	c.together(pr.ordered)
}

// open fetches and checks a media playlist, once.
func (c *checker) open(pr *presentation, uri string, from *line, subtitle bool) {
	if _, ok := pr.lists[uri]; ok {
		return
	}
	pr.lists[uri] = nil
	text, ok := c.get(uri, pr.at(from))
	if !ok {
		return
	}
	p := parse(uri, text)
	c.text(p)
	if p.multivariant() {
		c.report("one-kind", uri, "a multivariant playlist where a media playlist should be")
		return
	}
	m := c.mediaList(p, subtitle)
	pr.lists[uri] = m
	pr.ordered = append(pr.ordered, m)
}

// variants reads the variants and checks them by themselves.
func (c *checker) variants(pr *presentation) {
	for i := range pr.lines {
		l := &pr.lines[i]
		switch l.name {
		case "EXT-X-STREAM-INF":
			if i+1 >= len(pr.lines) || !pr.lines[i+1].isURI() {
				c.report("variant-uri", pr.at(l), "the next line is none")
				continue
			}
			pr.variants = append(pr.variants, variant{line: l, uri: resolve(pr.uri, pr.lines[i+1].text)})
		case "EXT-X-I-FRAME-STREAM-INF":
			pr.variants = append(pr.variants, variant{line: l, uri: resolve(pr.uri, l.get("URI")), iFrames: true})
		case "":
			if l.isURI() && (i == 0 || pr.lines[i-1].name != "EXT-X-STREAM-INF") {
				c.report("variant-uri", pr.at(l), "%s has no EXT-X-STREAM-INF", l.text)
			}
		}
	}
	if !slices.ContainsFunc(pr.variants, func(v variant) bool { return !v.iFrames }) {
		c.report("variants", pr.uri, "there is none")
	}
	for i := range pr.variants {
		c.variant(pr, &pr.variants[i])
	}
	c.among(pr)
}

// variant checks the attributes of a variant that say nothing of media.
func (c *checker) variant(pr *presentation, v *variant) {
	at := pr.at(v.line)
	if !v.has("CODECS") {
		c.report("codecs-said", at, "there is no CODECS")
	}
	for _, codec := range v.codecs() {
		if !isCodec(codec) {
			c.report("codecs-form", at, "%q", codec)
		}
	}
	c.supplemental(at, v)
	if _, decimals, _ := strings.Cut(v.get("FRAME-RATE"), "."); len(decimals) > 3 {
		c.report("frame-rate", at, "%s", v.get("FRAME-RATE"))
	}
	if v.has("SCORE") && v.number64("SCORE") <= 0 {
		c.report("score-positive", at, "%s", v.get("SCORE"))
	}
	if v.has("REQ-VIDEO-LAYOUT") {
		c.layout(at, v.get("REQ-VIDEO-LAYOUT"))
	}
	if v.has("ALLOWED-CPC") && !allowedCPC.ok(v.raw("ALLOWED-CPC")) {
		c.report("allowed-cpc", at, "%s", v.raw("ALLOWED-CPC"))
	}
	for _, kind := range []string{"AUDIO", "VIDEO", "SUBTITLES", "CLOSED-CAPTIONS"} {
		if v.has(kind) && v.raw(kind) != "NONE" && len(pr.group(kind, v.get(kind))) == 0 {
			c.report("group-there", at, "%s=%s", kind, v.raw(kind))
		}
	}
}

var allowedCPC = inPattern("key formats with labels", `[^:,]+:[A-Z0-9-]+(/[A-Z0-9-]+)*(,[^:,]+:[A-Z0-9-]+(/[A-Z0-9-]+)*)*`)

func (v *variant) codecs() []string {
	if !v.has("CODECS") {
		return nil
	}
	return strings.Split(v.get("CODECS"), ",")
}

// layouts are the specifiers of REQ-VIDEO-LAYOUT, and what each is about.
var layouts = map[string]string{
	"CH-STEREO": "channels", "CH-MONO": "channels",
	"PROJ-RECT": "projection", "PROJ-EQUI": "projection", "PROJ-HEQU": "projection", "PROJ-PRIM": "projection",
}

func (c *checker) layout(at, value string) {
	special := false
	for entry := range strings.SplitSeq(value, ",") {
		about := map[string]bool{}
		for specifier := range strings.SplitSeq(entry, "/") {
			of, known := layouts[specifier]
			if !known || about[of] {
				c.report("layout", at, "%q", value)
				return
			}
			about[of] = true
			special = special || specifier != "CH-MONO" && specifier != "PROJ-RECT"
		}
	}
	if !special {
		c.report("layout-default", at, "%q", value)
	}
}

// among checks what variants have to have in common.
func (c *checker) among(pr *presentation) {
	stable := map[string]string{}
	var scored, none, regular int
	for i := range pr.variants {
		v := &pr.variants[i]
		if v.iFrames {
			continue
		}
		if regular++; v.has("SCORE") {
			scored++
		}
		if v.raw("CLOSED-CAPTIONS") == "NONE" {
			none++
		}
		if id, ok := stable[v.uri]; ok && id != v.get("STABLE-VARIANT-ID") {
			c.report("stable-same", pr.at(v.line), "it was %q", id)
		}
		stable[v.uri] = v.get("STABLE-VARIANT-ID")
	}
	if scored > 0 && scored < regular {
		c.report("score", pr.uri, "%d of %d variants have SCORE", scored, regular)
	}
	if none > 0 && none < regular {
		c.report("captions-none", pr.uri, "%d of %d variants have CLOSED-CAPTIONS=NONE", none, regular)
	}
}

// repeated checks the tags that may stand in both kinds of playlists.
func (c *checker) repeated(pr *presentation) {
	everywhere, start := pr.find("EXT-X-INDEPENDENT-SEGMENTS"), pr.find("EXT-X-START")
	for _, m := range pr.ordered {
		l := m.find("EXT-X-INDEPENDENT-SEGMENTS")
		if everywhere != nil && l != nil {
			c.report("independent-twice", m.at(l), "it is in the multivariant playlist already")
		}
		if everywhere != nil && l == nil && (m.media.known || m.transports != nil) {
			for i := range m.segments {
				c.independent(m, i)
			}
		}
		if l := m.find("EXT-X-START"); start != nil && l != nil {
			c.report("start-twice", m.at(l), "it is in the multivariant playlist already")
		}
		if start != nil && math.Abs(start.number64("TIME-OFFSET")) > m.duration {
			c.report("start-within", pr.at(start), "%s lasts %.3f s", m.uri, m.duration)
		}
	}
}
