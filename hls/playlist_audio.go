package hls

import (
	"strconv"
	"strings"
)

// appendMedia appends an EXT-X-MEDIA tag for each member. Only the first of a
// language, and of the same characteristics, is selected automatically, because
// two with the same attributes are no choice (RFC 8216bis §4.4.6.1.1).
func (g *audioGroup) appendMedia(dst []byte) []byte {
	return g.appendMediaAt(dst, (*prepared).playlistURI)
}

// appendMediaAt is appendMedia where the playlists are elsewhere; a member that has
// no URI is in the variants themselves.
func (g *audioGroup) appendMediaAt(dst []byte, uriOf func(*prepared) string) []byte {
	names := g.names()
	chosen := map[[2]string]bool{}
	alike := func(i int) [2]string {
		c := choiceOf(g.members[i])
		return [2]string{c.language, c.characteristics}
	}
	chosen[alike(g.preferred)] = true
	for i, t := range g.members {
		language := languageTag(t.Language)
		var a attributes
		a.enumerated("TYPE", "AUDIO")
		a.quoted("GROUP-ID", g.id)
		a.quoted("NAME", names[i])
		if language != "" {
			a.quoted("LANGUAGE", language)
		}
		a.yes("DEFAULT", i == g.preferred)
		a.yes("AUTOSELECT", i == g.preferred || !chosen[alike(i)])
		chosen[alike(i)] = true
		if len(t.Characteristics) > 0 {
			a.quoted("CHARACTERISTICS", strings.Join(t.Characteristics, ","))
		}
		if t.Objects > 0 { // their number is what counts then
			a.quoted("CHANNELS", strconv.Itoa(t.Objects)+"/JOC")
		} else if t.Channels > 0 {
			a.quoted("CHANNELS", strconv.Itoa(t.Channels))
		}
		if uri := uriOf(t); uri != "" {
			a.quoted("URI", uri)
		}
		dst = append(dst, "#EXT-X-MEDIA:"...)
		dst = append(dst, a.text...)
		dst = append(dst, '\n')
	}
	return dst
}

// names returns a name for each member: its own, else its language, else one of ours.
func (g *audioGroup) names() []string {
	names := make([]string, len(g.members))
	for i, t := range g.members {
		names[i] = firstName(t.Name, t.Language, "Audio")
	}
	return unique(names)
}
