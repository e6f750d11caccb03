package hls

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/streamgate/streamgate/internal/mpegts"
	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/media"
)

// A transport is a presentation as MPEG-2 transport streams, for players that
// know nothing else. The audio that plays by default is in the segments of each
// video, since such players often know no renditions apart from it; any other is
// a rendition by itself.
type transport struct {
	of      *presentation
	refused error             // why there is none
	videos  []*transportTrack // each with the default audio
	audios  []*transportTrack // of audio alone: all, where there is no video; else all but the default
	group   *audioGroup       // the default and audios; nil without audio
	target  int64             // target duration in seconds, of all playlists
	master  document

	mu       sync.Mutex
	measured bool // the tracks have their bit rates
}

// transportTrack is one playlist of transport stream segments, and these.
type transportTrack struct {
	*prepared    // the track that it is named after
	video, audio transportStream
	zero         int64 // when the presentation begins, in ticks of mpegts.Clock
	parts        []transportPart
	times        []int64 // where the parts begin and the last one ends, in microseconds of the presentation
	playlist     document
	etags        string         // begins the ETags of the segments
	sizes        []atomic.Int64 // of the segments, 0 where it is not known yet
	rate         bitrate
}

// transportStream is a track and how it is carried; nothing where there is none.
type transportStream struct {
	*prepared
	stream *mpegts.Stream
}

// newTransport finds out what of a presentation can be carried.
func newTransport(p *presentation) *transport {
	t := &transport{of: p, target: 1}
	carried := map[*prepared]*mpegts.Stream{}
	var refused [2]error
	var left [2]bool
	for i := range p.tracks {
		track, kind := &p.tracks[i], 0
		if track.Kind == media.Audio {
			if track.file != p.source() {
				continue // sound that joined: what is in the segments of video must not change
			}
			kind = 1
		}
		stream, err := mpegts.NewStream(track.Track)
		if err == nil {
			carried[track], left[kind] = stream, true
		} else if refused[kind] == nil {
			refused[kind] = problem.Errorf(media.ErrUnsupported, "a transport stream cannot have track %d: %v; play %s", track.ID, err, multivariantName)
		}
	}
	for kind := range refused {
		if !left[kind] && refused[kind] != nil {
			t.refused = refused[kind]
			return t
		}
	}
	t.build(p, carried)
	return t
}

func (t *transport) build(p *presentation, carried map[*prepared]*mpegts.Stream) {
	there := func(track *prepared) bool { return carried[track] == nil }
	videos := slices.DeleteFunc(p.of(media.Video), there)
	audios := slices.DeleteFunc(p.of(media.Audio), there)
	lead := p.leading()
	zero := mpegts.Ticks(int64(lead.Origin), lead.Timescale)
	var sound transportStream // of the videos
	if len(audios) > 0 {
		t.group = transportAudio(audios)
		sound.prepared = t.group.members[t.group.preferred]
		sound.stream = carried[sound.prepared]
	}
	for _, v := range videos {
		t.videos = append(t.videos, newTransportTrack(transportStream{v, carried[v]}, sound, zero))
	}
	if t.group != nil {
		for _, a := range t.group.members {
			if a != sound.prepared || len(videos) == 0 {
				t.audios = append(t.audios, newTransportTrack(transportStream{}, transportStream{a, carried[a]}, zero))
			}
		}
	}
	for _, track := range t.all() {
		t.target = max(t.target, longest(track.times))
	}
	for _, track := range t.all() {
		track.playlist = newDocument(playlistType, func() []byte { return appendTransportPlaylist(nil, track.times, t.target) })
	}
	t.master = newDocument(playlistType, func() []byte { return t.multivariant(nil) })
}

// transportAudio chooses the audio of a presentation: a group of the source's, of AAC
// where there is one, because that is what none of the old players lacks. The choice
// has to stay what it is when other files join, since the URIs of video do not name it.
func transportAudio(audios []*prepared) *audioGroup {
	groups := audioGroups(audios, 1)
	i := slices.IndexFunc(groups, func(g *audioGroup) bool { return family(g.members[0].Codec) == "aac" })
	return groups[max(i, 0)]
}

// all are the tracks.
func (t *transport) all() []*transportTrack { return slices.Concat(t.videos, t.audios) }

// find returns the track that is named after a track of the presentation, or nil.
func (t *transport) find(track *prepared) *transportTrack {
	for _, of := range t.all() {
		if of.prepared == track {
			return of
		}
	}
	return nil
}

func newTransportTrack(video, audio transportStream, zero int64) *transportTrack {
	t := &transportTrack{prepared: video.prepared, video: video, audio: audio, zero: zero}
	if t.prepared == nil {
		t.prepared = audio.prepared
	}
	t.parts, t.times = transportParts(video.track(), audio.track())
	t.sizes = make([]atomic.Int64, len(t.parts))
	t.etags = strings.TrimSuffix(t.prepared.etags, "-") + "-ts-"
	return t
}

func (s *transportStream) track() *media.Track {
	if s.prepared == nil {
		return nil
	}
	return s.Track
}

// transportMemory is about how many bytes a segment takes here: of playlists, as
// they are and compressed, and of what is known of it.
const transportMemory = 28*5/4 + 4*8

const (
	transportType  = "video/mp2t"
	transportName  = "ts.m3u8"
	transportIndex = "index-ts.m3u8"
)
