package hls

import (
	"math"
	"slices"
	"strconv"

	"github.com/streamgate/streamgate/media"
)

// composedManifest is the manifest of pieces: a Period for each (ISO/IEC 23009-1
// §5.3.2). It begins with a segment: one that began within would show nothing until
// the next key frame, because Media Source Extensions drop what comes before the
// append window, and all that depends on it. It ends at the very moment.
func composedManifest(pieces []*piece, up string) []byte {
	m := &mpd{Type: "static", Profiles: profileLive}
	var total, buffer, longest int64 // microseconds
	for i, c := range pieces {
		part := c.cut(up)
		if c.source().protection != nil {
			m.CENC, m.DASHIF = cencNamespace, dashifNamespace
		}
		for n := range part.tracks {
			t := part.tracks[n].rated()
			l := newTimeline(t)
			buffer = max(buffer, l.buffer(t, bitrateOf(t, part.shared().target).peak))
			longest = max(longest, l.longest())
		}
		period := mpdPeriod{ID: strconv.Itoa(i), Start: isoDuration(total), Sets: slices.Concat(part.videoSets(), part.audioSets(), c.textSets(up))}
		for n := range period.Sets {
			period.Sets[n].ID = n + 1
		}
		m.Period = append(m.Period, period)
		total += c.to - c.begins
	}
	m.Duration, m.MinBuffer, m.MaxSegment = isoDuration(total), isoDuration(buffer), isoDuration(longest)
	return m.text()
}

// cut is what plays of a piece, as seen from where up leads out of.
func (c *piece) cut(up string) *presentation {
	p := &presentation{files: c.files, shared: c.shared, tracks: slices.Clone(c.tracks)}
	for i := range p.tracks {
		t := &p.tracks[i]
		first, end := c.span(t.Track)
		track := *t.Track
		track.Segments = track.Segments[first:end]
		t.Track, t.first, t.folder = &track, first, up+c.asset+"/"+t.folder
		t.offset = ticks(c.begins, &track)
	}
	return p
}

func ticks(us int64, t *media.Track) uint64 {
	return uint64(math.Round(float64(us) * float64(t.Timescale) / micro))
}
