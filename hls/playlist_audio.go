package hls

import (
	"slices"
	"strconv"
	"strings"

	"github.com/streamgate/streamgate/media"
)

// An audioGroup is the audio tracks of one family of codecs: what a player that
// decodes the family can choose from.
type audioGroup struct {
	id        string
	members   []*media.Track
	preferred int     // the member that plays unless the viewer chooses
	rate      bitrate // of the largest member
}

// audioGroups sorts tracks into groups. The group of the default track comes
// first, because players begin with the first variant; the others are in the
// order of the source.
func audioGroups(tracks []*media.Track) []*audioGroup {
	var groups []*audioGroup
	for _, t := range tracks {
		id := "audio-" + family(t.Codec)
		i := slices.IndexFunc(groups, func(g *audioGroup) bool { return g.id == id })
		if i < 0 {
			i = len(groups)
			groups = append(groups, &audioGroup{id: id})
		}
		g := groups[i]
		if t.Default && !g.hasDefault() {
			g.preferred = len(g.members)
		}
		g.members = append(g.members, t)
		g.rate = g.rate.orMore(bitrateOf(t))
	}
	slices.SortStableFunc(groups, func(a, b *audioGroup) int {
		return rank(b) - rank(a)
	})
	return groups
}

// hasDefault reports whether a member that is a default is preferred already.
func (g *audioGroup) hasDefault() bool {
	return len(g.members) > 0 && g.members[g.preferred].Default
}

func rank(g *audioGroup) int {
	if g.hasDefault() {
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

// codecs lists each codec of the group once: EXT-X-STREAM-INF must name all
// that any member needs.
func (g *audioGroup) codecs() []string {
	var list []string
	for _, t := range g.members {
		if !slices.Contains(list, t.Codec) {
			list = append(list, t.Codec)
		}
	}
	return list
}

// appendMedia appends an EXT-X-MEDIA tag for each member. Only the first of a
// language is selected automatically, because two with the same attributes are
// no choice (RFC 8216bis §4.4.6.1).
func (g *audioGroup) appendMedia(dst []byte, revision string) []byte {
	names := g.names()
	chosen := map[string]bool{}
	chosen[languageTag(g.members[g.preferred].Language)] = true
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
		a.yes("AUTOSELECT", i == g.preferred || !chosen[language])
		chosen[language] = true
		if t.Channels > 0 {
			a.quoted("CHANNELS", strconv.Itoa(t.Channels))
		}
		a.quoted("URI", playlistURI(revision, t))
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
