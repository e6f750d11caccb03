package transcode

import (
	"math"
	"time"

	"github.com/streamgate/streamgate/media"
)

// Cuts are the moments at which segments begin, after the first, of a source whose
// last picture ends at end: where all rungs have key frames. They lie on a grid of
// whole frames that every rung has, where the rate is constant, and else on one of
// time. None is nearer to the end than half a segment. An end of 0 is not known, as of
// what a browser records: then there are cuts for twelve hours, and those beyond the
// end do no harm.
func (p *Plan) Cuts(end time.Duration) []time.Duration {
	v := p.source.Video
	if v == nil {
		return nil
	}
	if end <= 0 {
		end = horizon
	}
	at := func(n int64) time.Duration { return v.Start + time.Duration(n)*p.profile.Segment }
	if v.Constant && v.Rate.positive() {
		every := int64(1)
		for _, o := range p.Video {
			every = lcm(every, int64(o.Every))
		}
		frames := max(int64(math.Round(p.profile.Segment.Seconds()*v.rate()/float64(every))), 1) * every
		at = func(n int64) time.Duration { return v.Start + v.Rate.at(n*frames) }
	}
	var cuts []time.Duration
	for n := int64(1); at(n) <= end-p.profile.Segment/2 && n <= maxCuts; n++ {
		cuts = append(cuts, at(n))
	}
	return cuts
}

const (
	horizon = 12 * time.Hour
	// maxCuts keeps the list of forced key frames below what Linux takes as one
	// argument, 128 KiB.
	maxCuts = 8000
)

// CutsOf are the cuts of a source that plays: where the segments of its index
// begin. first is when its first picture shows, see Video.Start.
func CutsOf(ix *media.Index, first time.Duration) []time.Duration {
	for _, t := range ix.Tracks {
		if t.Kind != media.Video || len(t.Segments) == 0 {
			continue
		}
		var cuts []time.Duration
		for _, s := range t.Segments[1:] {
			ticks := s.Start - t.Segments[0].Start - int64(t.Held) // the packager may show the first picture early
			cuts = append(cuts, first+Ratio{int64(t.Timescale), 1}.at(ticks))
		}
		return cuts
	}
	return nil
}

// early is how much before a moment a picture may show and still be meant by it:
// times of containers are rounded, and half a frame away from any frame.
func (p *Plan) early() time.Duration {
	v := p.source.Video
	if rate := v.rate(); rate > 0 && v.Constant {
		return time.Duration(float64(time.Second) / rate / 2)
	}
	return time.Millisecond
}
