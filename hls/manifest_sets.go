package hls

import (
	"slices"
	"strconv"

	"github.com/streamgate/streamgate/media"
)

// videoSets are the AdaptationSets of video: one for all tracks between which a
// player may switch, because a decoder of the family takes them all and their
// segments begin at the same moments.
func (p *presentation) videoSets() []adaptationSet {
	var sets []adaptationSet
	var firsts []*prepared
	for i := range p.tracks {
		t := &p.tracks[i]
		if t.Kind != media.Video {
			continue
		}
		at := slices.IndexFunc(firsts, func(f *prepared) bool {
			return family(f.Codec) == family(t.Codec) && newTimeline(f.Track).inStep(newTimeline(t.Track))
		})
		if at < 0 {
			at = len(firsts)
			firsts = append(firsts, t)
			sets = append(sets, adaptationSet{
				ContentType: "video", MimeType: mediaType(t.Track), StartWithSAP: t.accessPoint(), Aligned: true,
				Accessibility: p.closedCaptions().accessibility(),
			})
		}
		s := &sets[at]
		if access := t.accessPoint(); access == 0 || s.StartWithSAP == 0 {
			s.StartWithSAP = 0
		} else {
			s.StartWithSAP = max(s.StartWithSAP, access)
		}
		s.Representations = append(s.Representations, p.representation(t))
	}
	for i := range sets {
		sets[i].shareProtection()
	}
	return sets
}

// audioSets are the AdaptationSets of audio: one for each track, in the order
// of the groups of the multivariant playlist.
func (p *presentation) audioSets() []adaptationSet {
	var sets []adaptationSet
	listed := map[*prepared]bool{} // a group may have taken a track over from another
	for _, g := range audioGroups(p.of(media.Audio), p.shared().target) {
		names := g.names()
		for i, t := range g.members {
			if listed[t] {
				continue
			}
			listed[t] = true
			s := adaptationSet{
				ContentType: "audio", MimeType: mediaType(t.Track), Lang: languageTag(t.Language),
				StartWithSAP: closedAccess, Aligned: true, Channels: channelConfiguration(t.Channels), Supplemental: objects(t.Objects),
				Role: &descriptor{roleScheme, "alternate"}, Representations: []representation{p.representation(t)},
			}
			if i == g.preferred {
				s.Role.Value = "main"
			}
			if displayName(t.Name) != "" { // what else names would say, a player says better
				s.Label = names[i]
			}
			s.shareProtection()
			sets = append(sets, s)
		}
	}
	return sets
}

// layouts are the usual layouts of so many channels: ISO/IEC 23091-3 table 1.
var layouts = map[int]string{1: "1", 2: "2", 3: "3", 4: "4", 5: "5", 6: "6", 7: "11", 8: "12"}

// objects says that there are so many in E-AC-3 (ETSI TS 103 420 annex D).
func objects(n int) []descriptor {
	if n == 0 {
		return nil
	}
	const scheme = "tag:dolby.com,2018:dash:EC3_Extension"
	return []descriptor{{scheme + "Type:2018", "JOC"}, {scheme + "ComplexityIndex:2018", strconv.Itoa(n)}}
}

func channelConfiguration(channels int) *descriptor {
	layout, ok := layouts[channels]
	if !ok {
		return nil
	}
	return &descriptor{"urn:mpeg:mpegB:cicp:ChannelConfiguration", layout}
}

func (p *presentation) representation(t *prepared) representation {
	r := representation{
		ID: t.representationID(), Bandwidth: max(bitrateOf(t.rated(), p.shared().target).peak, 1), Codecs: printable(t.Codec),
		Template: &segmentTemplate{
			Timescale: max(t.Timescale, 1), Offset: t.Origin + t.offset, StartNumber: strconv.Itoa(t.first),
			Initialization: t.folder + "init.mp4", Media: t.folder + "$Number$.m4s", Timeline: newTimeline(t.Track).spans(),
		},
	}
	r.Protections = p.protections(t)
	switch t.Kind {
	case media.Audio:
		r.SamplingRate = t.SampleRate
	case media.Video:
		r.FrameRate = frameRate(t.Track)
		if t.Width > 0 && t.Height > 0 {
			r.Width, r.Height, r.Sar = t.Width, t.Height, "1:1" // of what is displayed, whatever is coded
		}
	}
	return r
}

// representationID is the name of the track, and for one of a rendition that of
// the rendition, too: no two in a manifest may have the same.
func (t *prepared) representationID() string {
	if t.file.name == "" {
		return trackName(t.Track)
	}
	return trackName(t.Track) + "-" + t.file.name
}
