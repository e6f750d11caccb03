package media

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/streamgate/streamgate/internal/problem"
)

const (
	// inStep is how far apart, in fractions of a second, two moments may be that
	// are to be the same: files that count in milliseconds round to them.
	inStep = 1000
	// slack is by how many tenths of a second a rendition may last longer or
	// shorter than its source.
	slack = 1
	// aspectSlack is how much of its width a rendition may be off: sizes are even numbers.
	aspectSlack = 0.02
)

// like is what a rendition is cut after: the video of its source.
type like struct {
	source *Track
	shown  int64   // when the source begins to be seen, in its ticks
	bounds []int64 // where the rendition's segments begin after the first, on the timeline that samples are placed on
	near   int64   // ticks that may be between a bound and a picture at it
	next   int     // of bounds
	part   bool    // more will come of both
	err    error   // why it cannot be cut so
}

// rendition makes the index of a file that shows the same as another: of its
// video alone, cut at the same moments, and on the same timeline, which is the
// source's. Its first picture is shown when the source's first one is. Of a file
// without video it is the sound: see sounds.
func (p *parser) rendition(video *choice, audio []*choice, of *Index) (*Index, error) {
	at := slices.IndexFunc(of.Tracks, func(t *Track) bool { return t.Kind == Video })
	switch {
	case video == nil:
		return p.sounds(audio, of)
	case at < 0 || len(of.Tracks[at].Segments) == 0:
		return nil, problem.Errorf(ErrRendition, "the source has no video, so it has no renditions")
	}
	source := of.Tracks[at]
	p.like = &like{source: source, shown: max(source.Segments[0].Start, 0), part: p.grows()}
	p.cut = of.Cut
	c, err := p.prepare(video)
	if err != nil {
		return nil, err
	}
	if c == nil {
		return nil, problem.Errorf(ErrNoMedia, "the video of the file has no samples")
	}
	b := c.built
	p.hold(c)
	p.blocks.total = c.count
	if err := p.like.begin(b); err != nil {
		return nil, err
	}
	if err := p.build(c, nil); err != nil {
		return nil, cmp.Or(p.like.err, err)
	}
	b.settle()
	if err := p.like.finish(b.track); err != nil {
		return nil, err
	}
	if p.like.part {
		b.keep(len(source.Segments))
	}
	ix := p.finish()
	ix.Bound = 0 // how long its segments are follows from the source
	if p.fragmented() {
		ix.Bound = of.Bound // then it plays as it grows, as the source does, under one revision
	}
	return ix, nil
}

// keep leaves out segments after the first n: those that the source is not known to
// have are not known to be cut where it will be.
func (b *built) keep(n int) {
	t := b.track
	if len(t.Segments) > n {
		t.Segments, b.refs = t.Segments[:n:n], b.refs[:n:n]
	}
	t.Duration = uint64(max(t.endOfLast(), 0))
}

// begin compares a prepared track with the source, and prepares to cut it.
func (l *like) begin(b *built) error {
	t, s := b.track, l.source
	seconds := float64(b.ends-b.shown) / float64(t.Timescale)
	if l.part {
		seconds = l.seconds() // nobody knows yet how long it will be
	}
	if err := l.compare(t, seconds); err != nil {
		return err
	}
	b.zero = b.shown - convert(l.shown, s.Timescale, t.Timescale)
	t.Origin = uint64(convert(int64(s.Origin), s.Timescale, t.Timescale))
	l.near = max(int64(t.Timescale)/inStep, int64((t.Timescale+s.Timescale-1)/s.Timescale), 1)
	for _, segment := range s.Segments[1:] {
		l.bounds = append(l.bounds, b.zero+convert(segment.Start, s.Timescale, t.Timescale))
	}
	if l.part {
		l.bounds = append(l.bounds, b.zero+convert(s.endOfLast(), s.Timescale, t.Timescale))
	}
	return nil
}

// deeper is by how much more than usual composition offsets have to be lowered: a
// file that needs more time to reorder its pictures than the source has at its
// beginning shows some of them before it decodes them (ISO/IEC 14496-12 §8.6.1.3).
func (l *like) deeper(b *built) (deeper int64, err error) {
	t := b.track
	deeper = max(b.zero-b.decode-int64(t.Origin), 0)
	if deeper > maxLead*int64(t.Timescale) {
		return 0, problem.Errorf(ErrInvalid, "decoding would have to begin %d seconds before the first picture", deeper/int64(t.Timescale))
	}
	return deeper, nil
}

// lasts is how long the source is seen, in ticks of a timescale.
func (l *like) lasts(timescale uint32) int64 {
	last := &l.source.Segments[len(l.source.Segments)-1]
	return convert(last.Start+int64(last.Duration)-l.shown, l.source.Timescale, timescale)
}

// seconds is how long the source is seen.
func (l *like) seconds() float64 {
	return float64(l.lasts(l.source.Timescale)) / float64(l.source.Timescale)
}

// compare says why a track that lasts so many seconds does not show what the source shows.
func (l *like) compare(t *Track, seconds float64) error {
	s := l.source
	want := l.seconds()
	frames := 0.0
	if s.FrameRate > 0 {
		frames = 2 / s.FrameRate
	}
	if d := seconds - want; max(d, -d) > max(slack/10.0, frames) {
		return problem.Errorf(ErrRendition, "its video lasts %.3f s, that of the source %.3f s", seconds, want)
	}
	if t.Width <= 0 || t.Height <= 0 || s.Width <= 0 || s.Height <= 0 {
		return nil
	}
	wide := float64(t.Height) * float64(s.Width) / float64(s.Height)
	if d := float64(t.Width) - wide; max(d, -d) > max(2, wide*aspectSlack) {
		return problem.Errorf(ErrRendition, "its picture of %d×%d has another shape than that of the source, which is %d×%d", t.Width, t.Height, s.Width, s.Height)
	}
	return nil
}

// cuts decides whether a segment begins with s.
func (l *like) cuts(s *shown, c *cutter) bool {
	begins := false
	if l.next < len(l.bounds) {
		late := s.present - l.bounds[l.next]
		switch {
		case s.sync && late >= -l.near && late <= l.near:
			begins = true
			l.next++
		case late > l.near && !s.hide:
			l.fail(l.missing())
		}
	}
	switch {
	case begins:
	case s.entry != c.segment.Entry:
		l.fail(problem.Errorf(ErrRendition, "it is coded in several ways, and changes them where the source has no segment"))
	case c.segment.Samples >= maxInSegment:
		l.fail(problem.Errorf(ErrRendition, "it has more than %d pictures in a segment of the source", maxInSegment))
	}
	return begins
}

func (l *like) fail(err error) {
	if l.err == nil {
		l.err = err
	}
}

func (l *like) missing() error {
	n := l.next + 1
	at := l.source.endOfLast()
	if n < len(l.source.Segments) {
		at = l.source.Segments[n].Start
	}
	return problem.Errorf(ErrRendition, "it has no key frame at %s, where segment %d of the source begins: it needs key frames where the source has them",
		moment(l.source, at), n)
}

func moment(t *Track, ticks int64) string {
	return fmt.Sprintf("%.3f s", float64(ticks)/float64(t.Timescale))
}

// finish checks the cuts, and lets the last segment end with that of the source,
// so that all playlists are of one length.
func (l *like) finish(t *Track) error {
	if l.err == nil && l.next < len(l.bounds) && !l.part {
		l.fail(l.missing())
	}
	if l.err == nil && !t.Independent {
		l.fail(problem.Errorf(ErrRendition, "it does not begin with a key frame"))
	}
	if l.err != nil {
		return l.err
	}
	s := l.source
	for i := 1; i < min(len(t.Segments), len(s.Segments)); i++ {
		want := convert(s.Segments[i].Start, s.Timescale, t.Timescale)
		if d := t.Segments[i].Start - want; max(d, -d) > l.near {
			return problem.Errorf(ErrRendition, "at %s, where segment %d of the source begins, it shows pictures that depend on those before (an open GOP)",
				moment(s, s.Segments[i].Start), i)
		}
	}
	if l.part {
		return nil
	}
	last, end := &t.Segments[len(t.Segments)-1], &s.Segments[len(s.Segments)-1]
	last.Duration = uint64(max(convert(end.Start+int64(end.Duration), s.Timescale, t.Timescale)-last.Start, 1))
	t.Duration = uint64(convert(int64(s.Duration), s.Timescale, t.Timescale))
	return nil
}
