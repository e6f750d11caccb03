package hlsrules

import (
	"maps"
	"math"
	"slices"
)

const (
	millisecond = 0.001
	// delay is by how much the first segments of renditions may begin apart: an
	// encoder's delay, or the samples that a decoder begins with.
	delay = 0.2
)

// run returns the samples of the segment's main track.
func (m *mediaList) run(i int) *run {
	p := m.media.parts[i]
	if p == nil || m.media.head == nil {
		return nil
	}
	return p.runs[m.media.head.main.id]
}

// clock checks the times in the segments against each other and the playlist.
func (c *checker) clock(m *mediaList) {
	independent := m.find("EXT-X-INDEPENDENT-SEGMENTS") != nil
	t := m.media.head.main
	tick := t.seconds(1)
	for i := range m.segments {
		s := &m.segments[i]
		r := m.run(i)
		if i > 0 && !s.starts {
			c.follows(m, i)
		}
		if r == nil {
			if m.media.known = false; i == 0 {
				c.report("tracks-match", m.at(s.line), "%s has nothing of track %d", s.text, t.id)
			}
			return
		}
		if t.handler == "vide" && !r.has {
			c.report("decodable", m.at(s.line), "%s has no sync sample", s.text)
		}
		if independent {
			c.independent(m, i)
		}
		if is, ok := m.shown(i); ok && i > 0 && math.Abs(is-s.duration) > millisecond+tick {
			c.report("duration-true", m.at(s.line), "%s is said to last %.6f s, its samples %.6f s", s.text, s.duration, is)
		}
	}
}

// firsts checks the durations of first segments. They begin with the presentation:
// what they have before that is an encoder's delay, and where a rendition sets in
// later, the time until then counts.
func (c *checker) firsts(lists []*mediaList) {
	origin := math.Inf(1)
	for _, m := range lists {
		origin = min(origin, m.begins())
	}
	for _, m := range lists {
		s := &m.segments[0]
		is, ok := m.shown(0)
		slack := millisecond + m.media.head.main.seconds(1)
		if ok && (s.duration > is+m.begins()-origin+slack || s.duration < is-delay) {
			c.report("duration-true", m.at(s.line), "%s is said to last %.6f s, its samples %.6f s", s.text, s.duration, is)
		}
	}
}

// shown is how long a segment's samples are shown: until those of the next one.
// Of the last one of a playlist that goes on it is not known: how long its last
// sample lasts is said in decode order.
func (m *mediaList) shown(i int) (float64, bool) {
	t, r := m.media.head.main, m.run(i)
	if !m.vod && i+1 == len(m.segments) {
		return 0, false
	}
	until := r.latest
	if i+1 < len(m.segments) && !m.segments[i+1].starts {
		if next := m.run(i + 1); next != nil {
			until = next.earliest
		}
	}
	return t.seconds(until - r.earliest), !m.iFrames
}

// follows checks that a segment goes on where the one before it ends.
func (c *checker) follows(m *mediaList, i int) {
	before, now := m.media.parts[i-1], m.media.parts[i]
	s := &m.segments[i]
	if !slices.Equal(slices.Sorted(maps.Keys(before.runs)), slices.Sorted(maps.Keys(now.runs))) {
		c.report("change-marked", m.at(s.line), "%s has other tracks than the segment before", s.text)
		return
	}
	if m.iFrames {
		return
	}
	for id, r := range now.runs {
		if ends := before.runs[id].ends; r.decode != ends {
			c.report("continuous", m.at(s.line), "tfdt of %s is %d, the samples before end at %d", s.text, r.decode, ends)
		}
	}
}

// independent checks that a segment begins with a sync sample.
func (c *checker) independent(m *mediaList, i int) {
	is := true
	if m.transports != nil {
		is = m.transports[i] == nil || leads(m.transports[i])
	} else if r := m.run(i); r != nil {
		is = r.leads
	}
	if !is {
		c.report("independent-true", m.at(m.segments[i].line), "%s does not", m.segments[i].text)
	}
}

// ends is when the last sample is over, in seconds.
func (m *mediaList) ends() float64 {
	last := math.MinInt64
	for i := range m.segments {
		last = max(last, int(m.run(i).latest))
	}
	return m.media.head.main.seconds(int64(last))
}

// begins is when the first sample is shown, in seconds.
func (m *mediaList) begins() float64 {
	return m.media.head.main.seconds(m.run(0).earliest)
}
