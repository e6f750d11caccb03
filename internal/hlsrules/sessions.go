package hlsrules

import "slices"

// sessions checks EXT-X-SESSION-DATA, EXT-X-SESSION-KEY and
// EXT-X-CONTENT-STEERING by themselves.
func (c *checker) sessions(pr *presentation) {
	data, keys := map[string]bool{}, map[string]bool{}
	for i := range pr.lines {
		l := &pr.lines[i]
		at := pr.at(l)
		switch l.name {
		case "EXT-X-SESSION-DATA":
			if l.has("VALUE") == l.has("URI") {
				c.report("session-value", at, "%s", l.value)
			}
			id := l.raw("DATA-ID") + l.raw("LANGUAGE")
			if data[id] {
				c.report("session-distinct", at, "%s", id)
			}
			data[id] = true
		case "EXT-X-SESSION-KEY":
			if l.get("METHOD") == "NONE" {
				c.report("session-key-none", at, "%s", l.value)
			}
			c.keyed(pr.playlist, l)
			id := l.raw("METHOD") + l.raw("URI") + l.raw("IV") + l.raw("KEYFORMAT") + l.raw("KEYFORMATVERSIONS")
			if keys[id] {
				c.report("session-key-distinct", at, "%s", l.value)
			}
			keys[id] = true
		case "EXT-X-CONTENT-STEERING":
			if way := l.get("PATHWAY-ID"); way != "" && !slices.ContainsFunc(pr.variants, func(v variant) bool { return v.get("PATHWAY-ID") == way }) {
				c.report("pathway", at, "no variant is on %s", way)
			}
		}
	}
}

// sessionKeys checks session keys against the keys of media playlists.
func (c *checker) sessionKeys(pr *presentation) {
	for _, l := range pr.all("EXT-X-SESSION-KEY") {
		for _, m := range pr.ordered {
			for _, k := range m.all("EXT-X-KEY") {
				if resolve(pr.uri, l.get("URI")) == resolve(m.uri, k.get("URI")) &&
					(l.get("METHOD") != k.get("METHOD") || l.format() != k.format() || l.get("KEYFORMATVERSIONS") != k.get("KEYFORMATVERSIONS")) {
					c.report("session-key-same", pr.at(l), "%s has %s", m.at(k), k.value)
				}
			}
		}
	}
}
