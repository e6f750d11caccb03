package hls

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/streamgate/streamgate/captions"
	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/metadata"
)

// embeddedKind is that of subtitles within the file.
const embeddedKind media.Kind = "embedded"

// texts are the subtitles within a file of a presentation: the first that has
// any. They do not change, and have its revision.
type texts struct {
	timing   timing
	playlist document // the same for all
	tracks   []*subtitle
}

func newTexts(p *presentation) *texts {
	x := &texts{timing: newTiming(p.leading())}
	for _, f := range p.files {
		for i, t := range f.index.Texts {
			if captions.IsCoding(t.Codec) {
				x.tracks = append(x.tracks, embedded(f, i))
			}
		}
		if len(x.tracks) > 0 {
			break
		}
	}
	x.playlist = newDocument(playlistType, func() []byte { return subtitlePlaylist(x.timing.times, p.shared()) })
	return x
}

// embedded makes a subtitle of a track. It is never the default: muxers mark the
// first track as that without being asked, and viewers who understand what is
// spoken would have to switch it off.
func embedded(f *mediaFile, at int) *subtitle {
	t := f.index.Texts[at]
	s := &subtitle{name: "t" + strconv.Itoa(t.ID), revision: f.revision, file: f, text: at}
	s.rate = max(textRate, int64(math.Ceil(float64(t.Peak*8)/max(f.index.Cut.Target/2, 0.1))))
	s.Language, s.Label, s.Forced, s.Kind = t.Language, t.Name, t.Forced, metadata.Spoken
	if slices.ContainsFunc(t.Characteristics, func(tag string) bool { return strings.Contains(soundsDescribed, tag) }) {
		s.Kind = metadata.SpokenAndSounds
	}
	return s
}

// find returns the track of an ID in a file, or nil.
func (x *texts) find(f *mediaFile, id int) *subtitle {
	name := "t" + strconv.Itoa(id)
	if i := slices.IndexFunc(x.tracks, func(s *subtitle) bool { return s.file == f && s.name == name }); i >= 0 {
		return x.tracks[i]
	}
	return nil
}

// with returns all subtitles of a presentation: those that somebody gave the
// asset, and those of its file that none of them replaces.
func (x *texts) with(sidecars []*subtitle) []*subtitle {
	all := slices.Clone(sidecars)
	for _, t := range x.tracks {
		if !slices.ContainsFunc(sidecars, t.isReplacedBy) {
			all = append(all, t)
		}
	}
	return all
}

// describesSounds reports whether it is for who cannot hear.
func (s *subtitle) describesSounds() bool { return s.Kind == metadata.SpokenAndSounds }

// isReplacedBy reports whether a sidecar is the same in another wording: of the
// same language, for the same viewers.
func (s *subtitle) isReplacedBy(o *subtitle) bool {
	return s.Language != "" && strings.EqualFold(s.Language, o.Language) && s.describesSounds() == o.describesSounds() && s.Forced == o.Forced
}
