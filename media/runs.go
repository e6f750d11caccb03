package media

import "math"

// timeRun is a number of samples in a row that last the same and have the same
// composition offset.
type timeRun struct {
	index  int64 // of the first
	count  int64
	decode int64 // ticks, of the first
	each   int64 // ticks
	shift  int64
}

// timeRuns are samples whose times can be told run by run, without their sizes and
// places: a look at a film's sound costs nothing then.
type timeRuns interface {
	// runs calls fn with all runs in order, until it returns false.
	runs(fn func(timeRun) bool) error
}

// runs reads the stts and ctts boxes alone.
func (it *tableSamples) runs(fn func(timeRun) bool) error {
	if err := it.rewind(); err != nil {
		return err
	}
	for it.index < it.count {
		if err := it.nextTimes(); err != nil {
			return err
		}
		n := min(int64(it.left), int64(it.leftShift), it.count-it.index)
		if !fn(timeRun{it.index, n, it.decode, int64(it.delta), int64(it.shift)}) {
			return nil
		}
		it.index += n
		it.left -= uint32(n)
		it.leftShift -= uint32(n)
		it.decode += n * int64(it.delta)
	}
	return nil
}

// surveyRuns is survey by runs. It reports whether it can tell: where pictures are
// to be hidden it cannot, nor where only some sound can begin.
func (p *presenter) surveyRuns(s *span) (v survey, ok bool, err error) {
	t, ok := p.samples.(timeRuns)
	if !ok || !p.video && p.syncs {
		return v, false, nil
	}
	v = survey{first: -1, last: -1}
	longest := int64(0)
	err = t.runs(func(r timeRun) bool {
		r.scale(p.scale)
		skip, shown := r.before(s.begin-max(r.each, 1)+1), r.before(s.end)
		longest = max(longest, r.each)
		switch {
		case r.ends() > maxTicks, p.video && (skip > 0 || r.index == 0 && shown == 0):
			ok = false
		case skip < shown && !v.found:
			v.found, v.first = true, r.index+skip
			fallthrough
		case skip < shown:
			v.last = r.index + shown - 1
		}
		return ok && (p.video || skip == r.count || shown == r.count) // after its end no sound is heard
	})
	if p.video {
		v.resume, v.unit = -1, max(longest/hideRatio, 1)
	}
	return v, ok, err
}

// tally is count by runs, of what one edit shows of a track. It reports whether
// it can tell.
func (p *presenter) tally() (ok bool, err error) {
	t, ok := p.samples.(timeRuns)
	if !ok || len(p.spans) != 1 || p.hides() || p.surveys[0].resume > p.surveys[0].first {
		return false, nil
	}
	s, v, q := &p.spans[0], &p.surveys[0], *p
	least := int64(math.MinInt64) // the edit may begin while a picture shows
	if p.video && !s.open && !p.settled {
		least = s.start
	}
	err = t.runs(func(r timeRun) bool {
		r.scale(p.scale)
		if ok = r.ends() <= maxTicks; !ok || r.index > v.last {
			return false
		}
		r.within(v.first, v.last)
		if r.count == 0 {
			return true
		}
		r.decode += s.start - s.begin
		if q.count == 0 {
			q.decode = r.decode
		}
		q.count += r.count
		last := r.ends() - r.each
		q.first = min(q.first, max(r.shows(), least))
		q.beyond = max(q.beyond, r.ends()+r.shift)
		q.deepest = min(q.deepest, max(last+r.shift, least)-last)
		return true
	})
	if ok && err == nil {
		*p = q
	}
	return ok, err
}

// within takes from a run what is not between two samples.
func (r *timeRun) within(first, last int64) {
	end := min(r.index+r.count-1, last)
	if skip := first - r.index; skip > 0 {
		r.index, r.decode = r.index+skip, r.decode+skip*r.each
	}
	r.count = max(end-r.index+1, 0)
}

func (r *timeRun) scale(by int64) {
	if r.decode > maxTicks/by || r.each > maxTicks/by/max(r.count, 1) {
		r.decode, r.each = math.MaxInt64/2, 0 // beyond all reason: who reads sample by sample says so
		return
	}
	r.decode, r.each, r.shift = r.decode*by, r.each*by, r.shift*by
}

// shows is when the first sample of a run shows.
func (r *timeRun) shows() int64 { return r.decode + r.shift }

// ends is when the decode time of the sample after it is.
func (r *timeRun) ends() int64 { return r.decode + r.count*r.each }

// before is how many of its samples begin to show before at.
func (r *timeRun) before(at int64) int64 {
	switch ahead := at - r.shows(); {
	case ahead <= 0:
		return 0
	case r.each == 0:
		return r.count
	default:
		return min(r.count, (ahead-1)/r.each+1)
	}
}
