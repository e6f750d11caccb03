package hlsrules

import (
	"math"
	"strconv"

	"github.com/streamgate/streamgate/internal/tsread"
)

// mediaList is a media playlist and what was found behind it.
type mediaList struct {
	*playlist
	segments []segment
	target   float64 // seconds
	iFrames  bool
	subtitle bool // a rendition of TYPE SUBTITLES
	vod      bool // no more segments follow

	duration      float64 // sum of EXTINF
	peak, average float64 // bits a second
	sizes         []int64 // bytes of the segments
	media         *media  // nil where it could not be read

	cues  []map[string]bool // of the segments of WebVTT since the last discontinuity
	clock int64             // the discontinuity sequence number of these

	transports []*tsread.Segment // parallel to the segments, where one is a transport stream
}

// mediaList checks a media playlist whose text was checked, and what it leads to.
func (c *checker) mediaList(p *playlist, subtitle bool) *mediaList {
	m := &mediaList{playlist: p, subtitle: subtitle, iFrames: p.find("EXT-X-I-FRAMES-ONLY") != nil, vod: p.find("EXT-X-ENDLIST") != nil}
	m.segments = c.segmentsOf(p)
	if len(m.segments) == 0 {
		c.report("segments", p.uri, "there are none")
	}
	c.target(m)
	c.order(m)
	c.ended(m)
	c.dateRanges(m)
	c.load(m)
	m.measure()
	c.bitrates(m)
	c.start(m)
	return m
}

// target checks the target duration and those under it.
func (c *checker) target(m *mediaList) {
	l := m.find("EXT-X-TARGETDURATION")
	if l == nil {
		c.report("target", m.uri, "there is no EXT-X-TARGETDURATION")
		return
	}
	m.target, _ = strconv.ParseFloat(l.value, 64)
	if m.target < 1 {
		c.report("target", m.at(l), "%s", l.value)
	}
	for i := range m.segments {
		s := &m.segments[i]
		m.duration += s.duration
		if math.Round(s.duration) > m.target {
			c.report("target-bound", m.at(s.line), "%s lasts %.3f s, the target is %.0f", s.text, s.duration, m.target)
		}
	}
}

// order checks what has to stand before the first segment.
func (c *checker) order(m *mediaList) {
	first, broken := math.MaxInt, math.MaxInt
	if len(m.segments) > 0 {
		first = m.segments[0].number
	}
	if l := m.find("EXT-X-DISCONTINUITY"); l != nil {
		broken = l.number
	}
	if l := m.find("EXT-X-MEDIA-SEQUENCE"); l != nil && l.number > first {
		c.report("sequence-first", m.at(l), "the first segment is at line %d", first)
	}
	if l := m.find("EXT-X-DISCONTINUITY-SEQUENCE"); l != nil && l.number > min(first, broken) {
		c.report("discontinuity-first", m.at(l), "line %d comes before", min(first, broken))
	}
	if l := m.find("EXT-X-PART"); l != nil && m.find("EXT-X-PART-INF") == nil {
		c.report("part-inf", m.at(l), "there is no EXT-X-PART-INF")
	}
}

// ended checks that the playlist is complete, and has nothing for more to come.
func (c *checker) ended(m *mediaList) {
	if !m.vod {
		c.report("endlist", m.uri, "there is no EXT-X-ENDLIST")
	} else {
		if l := m.find("EXT-X-PRELOAD-HINT"); l != nil {
			c.report("hint-ended", m.at(l), "%s", l.value)
		}
		if l := m.find("EXT-X-SKIP"); l != nil {
			c.report("skip-asked", m.at(l), "%s", l.value)
		}
	}
	l := m.find("EXT-X-SERVER-CONTROL")
	if l == nil {
		return
	}
	part := 0.0
	if inf := m.find("EXT-X-PART-INF"); inf != nil {
		part = inf.number64("PART-TARGET")
	}
	if l.has("HOLD-BACK") && l.number64("HOLD-BACK") < 3*m.target || l.has("CAN-SKIP-UNTIL") && l.number64("CAN-SKIP-UNTIL") < 6*m.target ||
		l.number64("PART-HOLD-BACK") < 2*part || l.has("CAN-SKIP-DATERANGES") && !l.has("CAN-SKIP-UNTIL") {
		c.report("control", m.at(l), "%s", l.value)
	}
}

// dateRanges checks EXT-X-DATERANGE (§4.4.5.1).
func (c *checker) dateRanges(m *mediaList) {
	known := map[string]map[string]string{}
	for _, l := range m.all("EXT-X-DATERANGE") {
		same, again := known[l.get("ID")]
		if !again {
			same = map[string]string{}
			known[l.get("ID")] = same
		}
		for _, a := range l.pairs {
			if before, ok := same[a.name]; ok && before != a.value {
				c.report("date-range-same", m.at(l), "%s was %s", a.name, before)
			}
			same[a.name] = a.value
		}
		start, began := parseDate(unquote(same["START-DATE"]))
		end, ends := parseDate(l.get("END-DATE"))
		if !began || ends && end.Before(start) ||
			l.has("END-ON-NEXT") && (!l.has("CLASS") || l.has("DURATION") || l.has("END-DATE")) {
			c.report("date-range", m.at(l), "%s", l.value)
		}
		if m.find("EXT-X-PROGRAM-DATE-TIME") == nil {
			c.report("date-range-dated", m.at(l), "there is no EXT-X-PROGRAM-DATE-TIME")
		}
	}
}

// measure finds the average and the peak segment bit rate: the largest of any
// run of segments that lasts between half and one and a half target durations.
// A playlist too short for such a run has its average as its peak.
func (m *mediaList) measure() {
	total := int64(0)
	for i := range m.sizes {
		total += m.sizes[i]
		lasts, bytes := 0.0, int64(0)
		for j := i; j < len(m.sizes) && lasts <= 1.5*m.target; j++ {
			lasts += m.segments[j].duration
			bytes += m.sizes[j]
			if lasts >= 0.5*m.target && lasts <= 1.5*m.target {
				m.peak = max(m.peak, 8*float64(bytes)/lasts)
			}
		}
	}
	if m.duration > 0 {
		m.average = 8 * float64(total) / m.duration
	}
	if m.peak == 0 {
		m.peak = m.average
	}
}

// bitrates checks EXT-X-BITRATE.
func (c *checker) bitrates(m *mediaList) {
	for i := range m.sizes {
		s := &m.segments[i]
		if s.rate == 0 || s.cut.length > 0 || s.duration == 0 {
			continue
		}
		if is := 8 * float64(m.sizes[i]) / s.duration; s.rate < 0.9*is || s.rate > 1.1*is {
			c.report("bitrate", m.at(s.line), "it is said to be %.0f, and is %.0f", s.rate, is)
		}
	}
}

// start checks that EXT-X-START lies within the playlist.
func (c *checker) start(m *mediaList) {
	if l := m.find("EXT-X-START"); l != nil && math.Abs(l.number64("TIME-OFFSET")) > m.duration {
		c.report("start-within", m.at(l), "the playlist lasts %.3f s", m.duration)
	}
}
