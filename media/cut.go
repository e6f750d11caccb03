package media

import (
	"math"

	"github.com/streamgate/streamgate/internal/problem"
)

const (
	longest = 10 // times the target: a segment is cut there even without a sync sample
)

// built is a track on its way to be presented.
type built struct {
	track   *Track
	enabled bool
	refs    []blockRef
	zero    int64 // the presentation's beginning, on the timeline that samples were placed on
	decode  int64 // of the first sample
	shown   int64 // when the track begins to be seen or heard
	ends    int64
	next    int64   // presentation time of what follows the last segment, of a track that goes on
	bound   int64   // seconds that no segment lasts longer than; 0 where that is not known
	reach   []int64 // by segment: where the bytes of those up to it end in the source
}

// settle moves the segments from the timeline that samples were placed on to
// that of the presentation.
func (b *built) settle() {
	t := b.track
	for i := range t.Segments {
		s := &t.Segments[i]
		s.Decode = uint64(int64(s.Decode) - b.zero + int64(t.Origin))
		s.Start -= b.zero
	}
	t.Duration = uint64(max(b.ends-b.zero, 0))
}

// cutter cuts a track's samples into segments and writes their blocks.
type cutter struct {
	built  *built
	blocks *blockWriter
	deeper int64   // what all composition offsets are lowered by
	target int64   // ticks
	bounds []int64 // where to cut, when something else decides; presentation times
	whole  bool    // samples are all sync samples
	like   *like   // cuts instead; nil where nothing else does

	growing bool // the end of the file decides nothing, see grow.go
	part    bool // and is not there yet
	stop    bool // whether to cut is not known from here on

	pending  shown
	has      bool
	early    bool   // its duration tells nothing of the others
	first    uint32 // duration of the first sample, as the source says
	fallback uint32 // duration of a last sample that has none

	segment   Segment
	reach     int64
	blockAt   int
	begin     int64 // presentation time of the segment's first sync sample
	last      int64 // of the last sync sample
	durations durations
	ends      int64 // latest
}

// durations notes whether all samples take the same time.
type durations struct {
	common  uint32
	varying bool
	count   int64
	early   bool // some are not looked at: see early.go
}

func (d *durations) add(v uint32) {
	if d.count == 0 {
		d.common = v
	}
	d.varying = d.varying || d.common != v
	d.count++
}

// add takes the next sample; the one before is now known to end.
func (c *cutter) add(s *shown) error {
	if c.has {
		c.early = c.pending.early || s.early
		gap := s.decode - c.pending.decode
		if gap > math.MaxUint32 {
			return problem.Errorf(ErrInvalid, "a sample lasts longer than fits a fragment")
		}
		if err := c.write(uint32(gap)); err != nil {
			return err
		}
	}
	if !c.has {
		c.first = uint32(max(min(s.end-s.present, math.MaxUint32), 0))
	}
	if c.cuts(s) {
		c.limit(s)
		if err := c.close(); err != nil {
			return err
		}
	}
	if c.segment.Samples == 0 {
		c.open(s)
	}
	if s.sync {
		c.last = s.present
	}
	c.pending, c.has = *s, true
	if c.stop {
		return errUndecided
	}
	return nil
}

func (c *cutter) open(s *shown) {
	c.segment = Segment{Decode: uint64(s.decode + c.deeper), Start: s.present, Entry: s.entry}
	c.begin, c.last = s.present, s.present
	c.blocks.begin()
	c.blockAt = len(c.blocks.buf)
	if !s.sync {
		c.built.track.Independent = false
	}
}

// cuts decides whether a segment begins with s.
func (c *cutter) cuts(s *shown) bool {
	if c.segment.Samples == 0 {
		return false
	}
	if c.like != nil {
		return c.like.cuts(s, c)
	}
	if s.entry != c.segment.Entry || c.segment.Samples >= maxInSegment {
		return true
	}
	elapsed := s.present - c.begin
	if !s.sync {
		return elapsed > c.longest()
	}
	if c.bounds != nil {
		return c.passes(s)
	}
	if c.whole {
		return elapsed+int64(s.duration)/2 >= c.target
	}
	return elapsed+(s.present-c.last)/2 >= c.target
}

// passes reports whether s begins nearer to the next bound than the sample after it.
func (c *cutter) passes(s *shown) bool {
	middle := s.present + (s.end-s.present)/2
	if middle < c.bounds[0] {
		return false
	}
	for len(c.bounds) > 1 && middle >= c.bounds[0] {
		c.bounds = c.bounds[1:]
	}
	if c.part && len(c.bounds) == 1 {
		c.stop = middle >= c.bounds[0]
		return true
	}
	if late := middle - c.bounds[0]; late >= 0 { // what goes on after the last bound is cut at the target
		c.bounds[0] += (late/c.target + 1) * c.target
	}
	return true
}

// write puts the pending sample into the segment.
func (c *cutter) write(duration uint32) error {
	p := &c.pending
	shift := p.present - p.decode - c.deeper
	if shift > math.MaxInt32 {
		return problem.Errorf(ErrInvalid, "a sample shows much later than it is decoded")
	}
	c.blocks.add(&Sample{Offset: p.offset, Size: p.size, Duration: duration, Shift: int32(shift), Sync: p.sync})
	if len(c.blocks.buf) > maxBlockBytes {
		return problem.Errorf(ErrInvalid, "the file has too many samples to index")
	}
	c.segment.Samples++
	c.segment.Bytes += int64(p.size)
	c.reach = max(c.reach, p.offset+int64(p.size))
	c.segment.Start = min(c.segment.Start, p.present)
	c.built.track.Open = c.built.track.Open || p.present < c.begin
	c.ends = max(c.ends, p.present+int64(duration))
	l := &c.built.track.Layout
	l.Flags = l.Flags || !p.sync
	l.Offsets = l.Offsets || shift != 0
	l.Negative = l.Negative || shift < 0
	if c.early {
		c.durations.early = true
	} else {
		c.durations.add(duration)
	}
	return nil
}

func (c *cutter) close() error {
	t := c.built.track
	if len(t.Segments) == maxSegments {
		return problem.Errorf(ErrInvalid, "a track of more than %d segments", maxSegments)
	}
	if n := len(t.Segments); n > 0 {
		prev := &t.Segments[n-1]
		prev.Duration = uint64(max(c.segment.Start-prev.Start, 0))
	}
	ref := blockRefOf(c.blocks.buf, c.blockAt)
	ref.look = c.blocks.look
	c.built.refs = append(c.built.refs, ref)
	c.built.reach = append(c.built.reach, c.reach)
	t.Segments = append(t.Segments, c.segment)
	c.segment = Segment{}
	return nil
}

// finish writes the last sample and segment.
func (c *cutter) finish() error {
	if !c.has {
		return nil
	}
	c.early = false
	last := c.pending.end - c.pending.present
	if last <= 0 || last > math.MaxUint32 {
		last = int64(c.fallback)
	}
	if err := c.write(uint32(last)); err != nil {
		return err
	}
	if err := c.close(); err != nil {
		return err
	}
	t := c.built.track
	final := &t.Segments[len(t.Segments)-1]
	final.Duration = uint64(max(c.ends-final.Start, 0))
	d := &c.durations
	t.Layout.Durations, t.Layout.Duration = d.varying || d.early, d.common
	t.Layout.Steady = d.early && !d.varying && d.count > 0
	c.generalize()
	return nil
}

// bounds are where audio is cut: with the video, within its long segments, and
// once it has outlasted the video by half a segment.
func (b *built) bounds(audioScale uint32, target float64, part bool) []int64 {
	t := b.track
	var list []int64
	long := int64(target * float64(t.Timescale))
	for _, s := range t.Segments {
		parts := max((int64(s.Duration)+long/2)/max(long, 1), 1)
		for i := range parts {
			list = append(list, convert(s.Start+int64(s.Duration)*i/parts, t.Timescale, audioScale))
		}
	}
	if len(list) == 0 {
		return nil
	}
	if part {
		return append(list[1:], convert(b.next, t.Timescale, audioScale))
	}
	last := t.Segments[len(t.Segments)-1]
	tail := long / 2
	if b.bound > 0 {
		tail = max(min(tail, b.bound*int64(t.Timescale)*9/10-int64(last.Duration)), 0)
	}
	return append(list[1:], convert(last.Start+int64(last.Duration)+tail, t.Timescale, audioScale))
}
