package hlsrules

import (
	"math"
	"slices"

	"github.com/streamgate/streamgate/internal/tsread"
)

// ticks is how many a second the times of a transport stream have.
const ticks = 90_000

// transport reads a segment that is a transport stream.
func (c *checker) transport(m *mediaList, s *segment, data []byte) {
	t, err := tsread.Read(data)
	if err != nil {
		c.report("transport", m.at(s.line), "%s: %v", s.text, err)
	}
	for len(m.transports) < len(m.segments) {
		m.transports = append(m.transports, nil)
	}
	m.transports[slices.IndexFunc(m.segments, func(o segment) bool { return o.line == s.line })] = t
}

// flow checks the segments of a transport stream against each other and the
// playlist.
func (c *checker) flow(m *mediaList) {
	independent := m.find("EXT-X-INDEPENDENT-SEGMENTS") != nil
	for i, t := range m.transports {
		if t == nil {
			return
		}
		s := &m.segments[i]
		if independent {
			c.independent(m, i)
		}
		if is, ok := m.lasts(i); ok && math.Abs(is-s.duration) > delay {
			c.report("duration-true", m.at(s.line), "%s is said to last %.6f s, its pictures or sounds %.6f s", s.text, s.duration, is)
		}
		if i == 0 || s.starts || m.transports[i-1] == nil {
			continue
		}
		before := m.transports[i-1]
		if !slices.EqualFunc(before.Streams, t.Streams, func(a, b tsread.Stream) bool { return a.PID == b.PID && a.Type == b.Type }) {
			c.report("change-marked", m.at(s.line), "%s has other streams than the segment before", s.text)
			continue
		}
		for pid, now := range t.Counters {
			if was, known := before.Counters[pid]; known && was.Next != now.First {
				c.report("counters", m.at(s.line), "PID %#x of %s goes on with %d, not %d", pid, s.text, now.First, was.Next)
			}
		}
		for _, stream := range t.Streams {
			was, _, ok := decoded(before, stream.PID)
			now, _, more := decoded(t, stream.PID)
			if ok && more && now[0] <= was[1] {
				c.report("continuous", m.at(s.line), "PID %#x of %s goes on at %d, the segment before ends at %d", stream.PID, s.text, now[0], was[1])
			}
		}
	}
}

// decoded is when the first and the last unit of a stream are decoded, and when
// the earliest is shown.
func decoded(t *tsread.Segment, pid uint16) (at [2]int64, shown int64, ok bool) {
	for _, u := range t.Units {
		if u.PID != pid {
			continue
		}
		if !ok {
			at[0], shown = u.DTS, u.PTS
		}
		at[1], shown, ok = u.DTS, min(shown, u.PTS), true
	}
	return at, shown, ok
}

// leads says whether the first picture is one that decoding can begin with; where
// there is none, whatever sounds first.
func leads(t *tsread.Segment) bool {
	for _, u := range t.Units {
		if u.PID == t.Streams[0].PID {
			return u.Random
		}
	}
	return true
}

// lasts is how long the first stream of a segment is shown: until that of the next
// one. It is not known of the first, which begins with the presentation, nor of the
// last.
func (m *mediaList) lasts(i int) (seconds float64, known bool) {
	if i == 0 || i+1 == len(m.segments) || m.segments[i+1].starts || m.transports[i+1] == nil {
		return 0, false
	}
	pid := m.transports[i].Streams[0].PID
	_, from, ok := decoded(m.transports[i], pid)
	_, to, more := decoded(m.transports[i+1], pid)
	return float64(to-from) / ticks, ok && more
}
