package media

import (
	"errors"
	"math"
)

// Where pictures are decoded in another order than they show, a group of pictures
// begins to be decoded some pictures' time before its first one shows. Segments
// begin with such a group, and many players place the first decode time of a
// segment where the playlist has it begin, each track by itself: they show all of
// it later by that, and what is heard is not. So what is decoded before the first
// picture of a group shows takes next to no time there, and the picture before the
// group so much longer.

// maxEarly is how many samples wait for the first picture that shows.
const maxEarly = 1 << 12

// early are the samples of a group that are decoded before anything of it shows.
type early struct {
	on      bool
	deepest int64 // what all composition offsets will be lowered by
	unit    int64 // how long such a sample takes; 0 where that is not known yet

	group []shown
	first int64 // the earliest of them to show
	last  int64 // when what came before is decoded
}

// add hands s on to fn, later or with another decode time where it is early.
func (e *early) add(s *shown, fn func(*shown) error) error {
	switch {
	case !e.on:
		return fn(s)
	case len(e.group) == 0 && !s.sync:
	case len(e.group) == 0:
		e.first = s.present
		fallthrough
	case s.decode+e.deepest < min(e.first, s.present) && len(e.group) < maxEarly:
		e.first = min(e.first, s.present)
		e.unit = max(e.unit, (s.end-s.present)/hideRatio, 1)
		e.group = append(e.group, *s)
		return nil
	default:
		e.first = min(e.first, s.present) // s may show before all of them, and is decoded after
		if len(e.group) == maxEarly {
			e.first = math.MinInt64 // this is beyond all reason, and left as it is
		}
		if err := e.flush(fn); err != nil {
			return err
		}
		if s.sync {
			return e.add(s, fn)
		}
	}
	s.decode = max(s.decode, e.last)
	e.last = s.decode
	return fn(s)
}

// flush hands the group on, each sample decoded at the last moment.
func (e *early) flush(fn func(*shown) error) error {
	n := len(e.group)
	for i := range e.group {
		s := &e.group[i]
		if at := e.first - e.deepest - int64(n-i)*e.unit; e.first > math.MinInt64 && at > s.decode && at > e.last {
			s.decode, s.early = at, true
		}
		s.decode = max(s.decode, e.last)
		e.last = s.decode
		if err := fn(s); err != nil {
			return err
		}
	}
	e.group = e.group[:0]
	return nil
}

var errEnough = errors.New("enough was read")

// hurry has the samples decoded at the last moment that can be, and finds out
// when the first one is then.
func (p *presenter) hurry() error {
	start := early{on: true, deepest: p.deepest, last: p.decode - 1}
	p.early = start
	err := p.each(func(s *shown) error {
		p.decode = s.decode
		return errEnough
	})
	p.early = start
	switch {
	case errors.Is(err, errEnough):
		return nil
	case err == nil && p.part:
		return errMore
	}
	return err
}
