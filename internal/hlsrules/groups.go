package hlsrules

import (
	"regexp"
	"slices"
	"strings"
)

// group returns the members of a group of renditions.
func (pr *presentation) group(kind, id string) []*line {
	var members []*line
	for _, l := range pr.all("EXT-X-MEDIA") {
		if l.get("TYPE") == kind && l.get("GROUP-ID") == id {
			members = append(members, l)
		}
	}
	return members
}

var captionChannel = regexp.MustCompile(`^(CC[1-4]|SERVICE([1-9]|[1-5][0-9]|6[0-3]))$`)

// groups checks EXT-X-MEDIA (§4.4.6.1).
func (c *checker) groups(pr *presentation) {
	var names []string // type and ID, in order
	for _, l := range pr.all("EXT-X-MEDIA") {
		c.rendition(pr, l)
		if name := l.get("TYPE") + " " + l.get("GROUP-ID"); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	first := map[string]string{}
	for _, name := range names {
		kind, id, _ := strings.Cut(name, " ")
		c.group(pr, pr.group(kind, id))
		if other, ok := first[kind]; ok {
			c.sameMembers(pr, pr.group(kind, other), pr.group(kind, id))
		} else {
			first[kind] = id
		}
	}
}

// rendition checks an EXT-X-MEDIA tag by itself.
func (c *checker) rendition(pr *presentation, l *line) {
	at, kind := pr.at(l), l.get("TYPE")
	switch kind {
	case "CLOSED-CAPTIONS":
		if l.has("URI") || !captionChannel.MatchString(l.get("INSTREAM-ID")) {
			c.report("captions", at, "%s", l.value)
		}
	case "SUBTITLES":
		if !l.has("URI") {
			c.report("subtitles-uri", at, "%s", l.value)
		}
	case "AUDIO":
		if !l.has("CHANNELS") {
			c.report("channels", at, "%s", l.value)
		}
	}
	if l.has("FORCED") && kind != "SUBTITLES" {
		c.report("forced", at, "%s", l.value)
	}
	if kind != "AUDIO" && (l.has("BIT-DEPTH") || l.has("SAMPLE-RATE") || l.has("CHANNELS")) {
		c.report("audio-only", at, "%s", l.value)
	}
	if l.get("DEFAULT") == "YES" && l.get("AUTOSELECT") == "NO" {
		c.report("autoselect", at, "%s", l.value)
	}
}

// group checks the members of one group with each other.
func (c *checker) group(pr *presentation, members []*line) {
	names, choices := map[string]bool{}, map[string]bool{}
	defaults := 0
	for _, l := range members {
		if names[l.get("NAME")] {
			c.report("name-distinct", pr.at(l), "NAME=%s stands twice", l.raw("NAME"))
		}
		names[l.get("NAME")] = true
		if l.get("DEFAULT") == "YES" {
			if defaults++; defaults == 2 {
				c.report("default-one", pr.at(l), "another is already")
			}
		}
		choice := l.raw("LANGUAGE") + l.raw("ASSOC-LANGUAGE") + l.raw("FORCED") + l.raw("CHARACTERISTICS")
		if l.get("AUTOSELECT") == "YES" {
			if choices[choice] {
				c.report("autoselect-distinct", pr.at(l), "%s", l.value)
			}
			choices[choice] = true
		}
	}
}

// encoding are the attributes in which corresponding members may differ.
var encoding = []string{"URI", "CHANNELS", "BIT-DEPTH", "STABLE-RENDITION-ID", "INSTREAM-ID", "SAMPLE-RATE", "GROUP-ID"}

// sameMembers checks that two groups of a type have the same members.
func (c *checker) sameMembers(pr *presentation, a, b []*line) {
	if x, y := identities(a), identities(b); !slices.Equal(x, y) {
		c.report("same-members", pr.at(b[0]), "%q and %q", x, y)
	}
}

// identities are the attributes of members that have to be those of the
// corresponding members, in any order.
func identities(members []*line) []string {
	var all []string
	for _, l := range members {
		var said []string
		for _, p := range l.pairs {
			if !slices.Contains(encoding, p.name) {
				said = append(said, p.name+"="+p.value)
			}
		}
		slices.Sort(said)
		all = append(all, strings.Join(said, ","))
	}
	slices.Sort(all)
	return all
}

// channelsNeeded checks that renditions of the same name and codec, but another
// number of channels, have CHANNELS.
func (c *checker) channelsNeeded(pr *presentation) {
	type sound struct{ name, codec string }
	counts := map[sound]int{}
	for _, l := range pr.all("EXT-X-MEDIA") {
		t := pr.audio(l)
		if t == nil {
			continue
		}
		s := sound{l.get("NAME"), t.entries[0].Type()}
		n, _ := t.sound()
		if before, ok := counts[s]; ok && before != n {
			n = -1
		}
		counts[s] = n
	}
	for _, l := range pr.all("EXT-X-MEDIA") {
		if t := pr.audio(l); t != nil && !l.has("CHANNELS") && counts[sound{l.get("NAME"), t.entries[0].Type()}] < 0 {
			c.report("channels-needed", pr.at(l), "%s", l.value)
		}
	}
}

// audio is the track behind a rendition of TYPE AUDIO, or nil.
func (pr *presentation) audio(l *line) *track {
	if l.get("TYPE") != "AUDIO" || !l.has("URI") {
		return nil
	}
	m := pr.lists[resolve(pr.uri, l.get("URI"))]
	if m == nil || m.media == nil || m.media.head == nil || m.media.head.main.handler != "soun" {
		return nil
	}
	return m.media.head.main
}
