package hls

import (
	"slices"
	"strconv"
	"strings"
)

// An audioGroup is audio tracks that a player can choose from: those of one
// family of codecs, and of one number of channels where every choice comes in
// the same numbers.
type audioGroup struct {
	id        string
	members   []*prepared
	preferred int     // the member that plays unless the viewer chooses
	rate      bitrate // of the largest member
}

// audioGroups sorts tracks into groups. The group of the default track comes
// first, because players begin with the first variant; the others are in the
// order of the source.
//
// Groups have to have the same members (RFC 8216bis §4.4.6.1.1): what a group
// lacks, it gets from one of AAC that has everything. Where there is none, each
// keeps to its family: of a group with a codec that it lacks, a player plays
// nothing, and AAC is the only one that none lacks.
func audioGroups(tracks []*prepared, target int64) []*audioGroup {
	var groups []*audioGroup
	for _, g := range partition(tracks, func(t *prepared) string { return "audio-" + family(t.Codec) }) {
		g.arrange(tracks)
		groups = append(groups, g.byChannels()...)
	}
	slices.SortStableFunc(groups, func(a, b *audioGroup) int { return b.rank() - a.rank() })
	if i := slices.IndexFunc(groups, func(g *audioGroup) bool { return g.isComplete(groups) }); i >= 0 {
		for _, g := range groups {
			g.complete(groups[i].members)
		}
	}
	for _, g := range groups {
		g.prefer(tracks)
		for _, t := range g.members {
			g.rate = g.rate.orMore(bitrateOf(t.rated(), target))
		}
	}
	return groups
}

// arrange puts the members in the order in which tracks have what they are a choice of,
// where some have joined the source and so come last.
func (g *audioGroup) arrange(tracks []*prepared) {
	if !slices.ContainsFunc(g.members, func(t *prepared) bool { return t.file != tracks[0].file }) {
		return
	}
	place := func(t *prepared) int {
		return slices.IndexFunc(tracks, func(o *prepared) bool { return choiceOf(o) == choiceOf(t) })
	}
	slices.SortStableFunc(g.members, func(a, b *prepared) int { return place(a) - place(b) })
}

// partition makes a group of the tracks that have the same ID in common.
func partition(tracks []*prepared, id func(*prepared) string) []*audioGroup {
	var groups []*audioGroup
	for _, t := range tracks {
		i := slices.IndexFunc(groups, func(g *audioGroup) bool { return g.id == id(t) })
		if i < 0 {
			i = len(groups)
			groups = append(groups, &audioGroup{id: id(t)})
		}
		groups[i].members = append(groups[i].members, t)
	}
	return groups
}

// byChannels splits a group by the number of channels, if what comes out has
// the same members.
func (g *audioGroup) byChannels() []*audioGroup {
	parts := partition(g.members, func(t *prepared) string { return g.id + "-" + strconv.Itoa(max(t.Channels, t.Objects)) })
	for _, p := range parts {
		if len(parts) == 1 || !p.covers(parts[0]) || !parts[0].covers(p) {
			return []*audioGroup{g}
		}
	}
	return parts
}

// choice is what a viewer sees of an audio track: tracks of the same choice are
// encodings of the same content.
type choice struct{ language, name, characteristics string }

func choiceOf(t *prepared) choice {
	return choice{languageTag(t.Language), displayName(t.Name), strings.Join(t.Characteristics, ",")}
}

func (g *audioGroup) find(c choice) int {
	return slices.IndexFunc(g.members, func(t *prepared) bool { return choiceOf(t) == c })
}

func (g *audioGroup) count(c choice) (n int) {
	for _, t := range g.members {
		if choiceOf(t) == c {
			n++
		}
	}
	return n
}

// covers reports whether g has every choice that o has, as often.
func (g *audioGroup) covers(o *audioGroup) bool {
	return !slices.ContainsFunc(o.members, func(t *prepared) bool { return g.count(choiceOf(t)) < o.count(choiceOf(t)) })
}

// isComplete reports whether others may take from g what they lack.
func (g *audioGroup) isComplete(groups []*audioGroup) bool {
	return family(g.members[0].Codec) == "aac" && !slices.ContainsFunc(groups, func(o *audioGroup) bool { return !g.covers(o) })
}

// complete takes over those of all, the members of a complete group, of whose
// choice g has none, and their order.
func (g *audioGroup) complete(all []*prepared) {
	own := slices.Clone(g.members)
	g.members = nil
	for _, t := range all {
		if i := slices.IndexFunc(own, func(o *prepared) bool { return choiceOf(o) == choiceOf(t) }); i >= 0 {
			t = own[i]
			own = slices.Delete(own, i, i+1)
		}
		g.members = append(g.members, t)
	}
}

// prefer chooses the member that plays unless the viewer chooses another: the
// default, or the same in this encoding.
func (g *audioGroup) prefer(tracks []*prepared) {
	i := slices.IndexFunc(tracks, func(t *prepared) bool { return t.Default })
	if i < 0 {
		return
	}
	if at := slices.Index(g.members, tracks[i]); at >= 0 {
		g.preferred = at
	} else {
		g.preferred = max(g.find(choiceOf(tracks[i])), 0)
	}
}

// rank puts the group of the default track first.
func (g *audioGroup) rank() int {
	if slices.ContainsFunc(g.members, func(t *prepared) bool { return t.Default }) {
		return 1
	}
	return 0
}

// family names what a decoder is made for, whatever the profile.
func family(codec string) string {
	switch name, _, _ := strings.Cut(codec, "."); {
	case codec == "mp4a.40.34" || codec == "mp4a.69" || strings.EqualFold(codec, "mp4a.6b"):
		return "mp3"
	case name == "mp4a":
		return "aac"
	default:
		return strings.ToLower(printable(name))
	}
}
