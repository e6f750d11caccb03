package media

import (
	"errors"
	"math"
)

// A file in fragments is indexed so that its beginning gives the beginning of
// its index, whatever follows. So all that is said of a track as a whole is
// either known from its beginning or does not depend on what comes:
//
//   - each trun box lists what may vary in such a track (cutter.generalize);
//   - composition offsets are made non-negative, and not lowered to 0;
//   - once the first segment has ended, it is settled how long any may get.
//
// What breaks that (an offset deeper than all before, a gap in time that makes
// a segment longer than was said) changes the revision: it is another
// presentation then, and never a wrong one.

var (
	errMore      = errors.New("more of the file is needed")
	errWhole     = errors.New("the file can be read only once all of it is there")
	errUndecided = errors.New("where to cut depends on what is not there yet")
)

const (
	boundTargets = 2   // no segment lasts longer than so many targets,
	boundFirst   = 1.5 // or so many times the first
	boundUsed    = 0.9 // of that a group of pictures may take before it is cut
)

// continues says whether what there is of a track stays as it is when more
// comes: its edits, if any, must go on to the end, and hide no pictures.
func (p *presenter) continues() error {
	switch {
	case len(p.spans) != 1 || p.spans[0].end != math.MaxInt64 || p.hides():
		return errWhole
	case p.count == 0 || p.shownless, p.steady && p.count < 4:
		return errMore
	}
	return nil
}

// limit settles, when the first segment of the leading track ends, how long one may get.
func (c *cutter) limit(s *shown) {
	b := c.built
	if !c.growing || b.bound > 0 || c.bounds != nil {
		return
	}
	longer := max(boundTargets*float64(c.target), boundFirst*float64(s.present-c.begin))
	b.bound = int64(math.Ceil(longer / float64(b.track.Timescale)))
}

// longest is how long a segment gets, in ticks, before it is cut without a sync sample.
func (c *cutter) longest() int64 {
	if c.built.bound > 0 {
		return int64(boundUsed * float64(c.built.bound*int64(c.built.track.Timescale)))
	}
	return longest * c.target
}

// generalize makes the layout one that fits whatever comes. Its common duration is
// that of the first sample: ffmpeg takes it from the init segment, and hears a
// priming where there is none.
func (c *cutter) generalize() {
	if !c.growing {
		return
	}
	l := &c.built.track.Layout
	l.Durations, l.Duration, l.Steady, l.Lowered = true, c.durations.common, false, -c.deeper
	if c.built.track.Kind == Video {
		l.Flags, l.Offsets = true, true
		l.Duration = c.first // when it was decoded next may have been moved, see early.go
	}
}

// suspend ends a track of which more will come, instead of finish. A segment
// stays if it is certain where the next one begins to show: that is when the
// samples that come cannot show before. A group of pictures that is decoded at the
// last moment and not all there is not among those that came: see presenter.each.
func (c *cutter) suspend() error {
	c.generalize()
	t := c.built.track
	n := len(t.Segments)
	if n == 0 {
		return errMore
	}
	start := min(c.segment.Start, c.pending.present)
	if c.pending.decode+c.deeper < start {
		t.Segments, c.built.refs = t.Segments[:n-1], c.built.refs[:n-1]
		c.built.next = t.endOfLast()
		if n == 1 {
			return errMore
		}
		return nil
	}
	last := &t.Segments[n-1]
	last.Duration = uint64(max(start-last.Start, 0))
	c.built.next = t.endOfLast()
	return nil
}

// endOfLast is when the last segment ends to show.
func (t *Track) endOfLast() int64 {
	if len(t.Segments) == 0 {
		return 0
	}
	last := &t.Segments[len(t.Segments)-1]
	return last.Start + int64(last.Duration)
}

// widen makes Bound what no segment that is known exceeds.
func (ix *Index) widen() {
	if ix.Bound == 0 {
		return
	}
	for _, t := range ix.Tracks {
		scale := int64(t.Timescale)
		for i, s := range t.Segments {
			start := s.Start
			if i == 0 {
				start = 0 // it begins with the presentation
			}
			lasts := s.Start + int64(s.Duration) - start
			ix.Bound = max(ix.Bound, (lasts+scale-1)/scale)
		}
	}
}
