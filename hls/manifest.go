package hls

import (
	"encoding/xml"
	"slices"
	"strconv"

	"github.com/streamgate/streamgate/media"
)

const (
	manifestName = "manifest.mpd"
	manifestType = "application/dash+xml"
)

// The profiles of a manifest: ISO/IEC 23009-1 §8.4 and §8.12.
const (
	profileLive = "urn:mpeg:dash:profile:isoff-live:2011"
	profileCMAF = "urn:mpeg:dash:profile:cmaf:2019"
)

// manifest returns the MPD of a presentation (ISO/IEC 23009-1), static and with
// one Period. Its segments are those of the media playlists, at the same URLs:
// $Number$ counts them from 0. URLs are relative to it and begin with the
// revision. Subtitles are added to those within a file.
func manifest(p *presentation, sidecars ...*subtitle) []byte { return p.mpd(sidecars).text() }

func (p *presentation) mpd(sidecars []*subtitle) *mpd {
	m := &mpd{Type: "static", Profiles: profileLive, Period: []mpdPeriod{{ID: "0", Start: "PT0S"}}}
	if p.isCMAF() {
		m.Profiles += "," + profileCMAF
	}
	var longest, buffer, segment int64 // microseconds
	for i := range p.tracks {
		t, rated := p.tracks[i].Track, p.tracks[i].rated()
		l := newTimeline(t)
		longest = max(longest, l.end())
		buffer = max(buffer, l.buffer(rated, bitrateOf(rated, p.shared().target).peak))
		segment = max(segment, l.longest())
	}
	m.Duration, m.MinBuffer, m.MaxSegment = isoDuration(longest), isoDuration(buffer), isoDuration(segment)
	sets := slices.Concat(p.videoSets(), p.audioSets(), p.textSets(sidecars))
	for i := range sets {
		sets[i].ID = i + 1
	}
	m.Period[0].Sets = sets
	if p.source().protection != nil {
		m.CENC, m.DASHIF = cencNamespace, dashifNamespace
	}
	return m
}

func (m *mpd) text() []byte {
	body, err := xml.MarshalIndent(m, "", " ")
	if err != nil {
		panic("hls: a manifest that is no XML: " + err.Error()) // strings and numbers alone cannot fail
	}
	return append(append([]byte(xml.Header), body...), '\n')
}

// isCMAF reports whether every track is what the CMAF profile asks for: coded in
// one way, its segments beginning with a picture that nothing before it and
// nothing shown before it takes part in.
func (p *presentation) isCMAF() bool {
	for i := range p.tracks {
		t := &p.tracks[i]
		if len(t.Entries) > 1 || !t.Independent || t.accessPoint() != closedAccess {
			return false
		}
	}
	return true
}

// Kinds of stream access points that segments begin with: ISO/IEC 14496-12
// annex I.
const (
	closedAccess = 1 // all that follows can be decoded and is shown later
	openAccess   = 3 // some of what is shown before the first picture cannot be
)

// accessPoint is the kind that every segment begins with, or 0 where that is not
// known.
func (t *prepared) accessPoint() int {
	switch {
	case t.Kind == media.Audio, t.iframes != nil && !t.Open:
		return closedAccess
	case t.iframes != nil:
		return openAccess
	}
	return 0
}

// manifestSize is about how long the part of a manifest gets that is about a
// track, in bytes.
func manifestSize(t *media.Track) int64 {
	return 900 + int64(len(t.Segments))*30
}

// isoDuration writes microseconds as an ISO 8601 duration.
func isoDuration(us int64) string {
	return "PT" + string(appendSeconds(nil, us)) + "S"
}

// frameRate is exact and "" where frames do not all last the same time.
func frameRate(t *media.Track) string {
	frames, seconds := t.Timescale, t.Layout.Duration
	if t.Layout.Durations && !t.Layout.Steady || frames == 0 || seconds == 0 {
		return ""
	}
	a, b := frames, seconds
	for b != 0 {
		a, b = b, a%b
	}
	frames, seconds = frames/a, seconds/a
	rate := strconv.FormatUint(uint64(frames), 10)
	if seconds > 1 {
		rate += "/" + strconv.FormatUint(uint64(seconds), 10)
	}
	return rate
}
