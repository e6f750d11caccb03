package media

// A film whose pictures are decoded in another order than they show begins to be
// decoded some pictures' time before the first one shows. Players that place the
// first decode time at the beginning, and most do, show all of it later by that.
// So what is decoded before the first picture shows takes next to no time there.

// maxEarly is how many samples are looked at: more than any codec reorders.
const maxEarly = 64

// early are the samples that are decoded before the first one shows.
type early struct {
	decodes, presents []int64 // of the first samples
	longest           int64   // of their durations

	count int   // of samples that take next to no time
	until int64 // when the last of them has been decoded
	unit  int64 // how long each takes
}

// look notes one of the first samples.
func (e *early) look(s *shown) {
	if len(e.decodes) < maxEarly {
		e.decodes, e.presents = append(e.decodes, s.decode), append(e.presents, s.present)
		e.longest = max(e.longest, s.end-s.present)
	}
}

// place moves sample n, by decode order, to the last moment.
func (e *early) place(s *shown, n int) {
	s.early = n < e.count
	if s.early {
		s.decode = e.until - int64(e.count-n)*e.unit
	}
}

// hurry decides which samples are decoded early, and what that makes of the
// composition offsets. The first of them shows no sooner than at p.first.
func (p *presenter) hurry() {
	e := &p.early
	n := 0
	for n < len(e.decodes) && e.decodes[n]+p.deepest < p.first {
		n++
	}
	if n == 0 || n == len(e.decodes) { // nothing to gain, or nothing that can be understood
		return
	}
	e.unit, e.until = max(e.longest/hideRatio, 1), p.first-p.deepest
	if e.until-int64(n)*e.unit <= p.decode {
		return
	}
	e.count = n
	p.decode = e.until - int64(n)*e.unit
	for i, present := range e.presents[:n] {
		p.deepest = min(p.deepest, present-e.until+int64(n-i)*e.unit)
	}
}
