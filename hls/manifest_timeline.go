package hls

import (
	"math"

	"github.com/streamgate/streamgate/media"
)

// A timeline is where a track's segments begin and the last one ends, in ticks
// of the track, on the timeline that its samples carry: the presentation begins
// at Track.Origin of it. What stands before that is priming, which a player
// leaves out.
type timeline struct {
	timescale uint32
	origin    uint64
	at        []uint64
}

// newTimeline lets each segment last until the next, and one tick at least:
// nothing that lasts no time can be played.
func newTimeline(t *media.Track) *timeline {
	l := &timeline{timescale: max(t.Timescale, 1), origin: t.Origin, at: make([]uint64, 0, len(t.Segments)+1)}
	add := func(start int64) {
		at := uint64(max(int64(t.Origin)+start, 0))
		if n := len(l.at); n > 0 {
			at = max(at, l.at[n-1]+1)
		}
		l.at = append(l.at, at)
	}
	for i := range t.Segments {
		add(t.Segments[i].Start)
	}
	if n := len(t.Segments); n > 0 {
		add(t.Segments[n-1].Start + int64(t.Segments[n-1].Duration))
	}
	return l
}

// spans joins neighbours that last equally long.
func (l *timeline) spans() []timelineSpan {
	var list []timelineSpan
	for i := range max(len(l.at)-1, 0) {
		lasts := l.at[i+1] - l.at[i]
		if n := len(list); n > 0 && list[n-1].Duration == lasts {
			list[n-1].Repeat++
			continue
		}
		list = append(list, timelineSpan{Duration: lasts})
	}
	if len(list) > 0 {
		list[0].Time = &l.at[0]
	}
	return list
}

// end is when the last segment ends, in microseconds of the presentation,
// rounded up so that nothing of it is beyond.
func (l *timeline) end() int64 {
	if len(l.at) == 0 {
		return 0
	}
	return l.microseconds(max(l.at[len(l.at)-1], l.origin) - l.origin)
}

// longest is the longest that a segment lasts, in microseconds.
func (l *timeline) longest() int64 {
	longest := uint64(0)
	for i := 1; i < len(l.at); i++ {
		longest = max(longest, l.at[i]-l.at[i-1])
	}
	return l.microseconds(longest)
}

// microseconds rounds up.
func (l *timeline) microseconds(ticks uint64) int64 {
	scale := uint64(l.timescale)
	return int64(ticks/scale*micro + (ticks%scale*micro+scale-1)/scale)
}

// buffer is for how long, in microseconds, to load at that many bits a second
// before playing, so that from whichever segment on none comes too late. It is
// what ISO/IEC 23009-1 §5.3.1.2 means by minBufferTime. A segment counts as
// there when all of it is.
func (l *timeline) buffer(t *media.Track, rate int64) int64 {
	late, most := 0.0, 0.0
	for i := range t.Segments {
		if i > 0 {
			late = max(0, late-float64(l.at[i]-l.at[i-1])/float64(l.timescale))
		}
		late += float64(segmentSize(t, i)) * 8 / float64(max(rate, 1))
		most = max(most, late)
	}
	return int64(math.Ceil(most*1000)) * 1000
}

// inStep reports whether the segments of two tracks begin at the same moments of
// the presentation, to a tick of the coarser clock, or a millisecond, to which some
// files round. Where the first begins and the last ends is no matter: nothing can
// overlap there.
func (l *timeline) inStep(o *timeline) bool {
	if len(l.at) != len(o.at) {
		return false
	}
	near := max(1/float64(min(l.timescale, o.timescale)), 0.001) + 1e-9
	for i := 1; i < len(l.at)-1; i++ {
		a := (float64(l.at[i]) - float64(l.origin)) / float64(l.timescale)
		b := (float64(o.at[i]) - float64(o.origin)) / float64(o.timescale)
		if math.Abs(a-b) > near {
			return false
		}
	}
	return true
}
