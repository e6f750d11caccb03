package media

import (
	"cmp"
	"math"
	"slices"

	"github.com/streamgate/streamgate/internal/problem"
)

// shown is one sample on the presentation's timeline, before the timelines of
// all tracks are aligned.
type shown struct {
	raw
	decode  int64
	present int64
	end     int64 // when the next one should be on
	hide    bool
	early   bool // takes next to no time, see early.go
}

// survey is what one look at all samples tells of a span.
type survey struct {
	first, last int64 // samples to read, in decode order
	hidden      []hidden
	resume      int64 // the sample after the last hidden one
	resumeAt    int64 // its decode time
	unit        int64 // how long a hidden sample lasts
	found       bool
}

// hideRatio is how many hidden samples pass in the time of one that is shown.
// More would hide them better, and look like a break in time to some players.
const hideRatio = 400

// hidden is a video sample that is decoded for those after it, and not shown.
type hidden struct {
	index, present int64
}

// presenter reads a track as it is presented. The scale multiplies the ticks of
// tracks too coarse to hide samples in.
type presenter struct {
	samples samples
	video   bool
	hurries bool // see early.go
	settled bool // samples stand where they are presented
	open    bool // more may come that shows as soon as it is decoded
	part    bool // and is not there yet
	syncs   bool // not every sample is a sync sample: true of all video, and of some audio
	scale   int64
	cut     int64 // ticks that may be cut off the first packet; 0 is any number: see held.go
	slack   int64 // ticks that a hole after it may last, see lone.go
	steady  bool  // every packet lasts as long
	spans   []span
	surveys []survey

	shownless bool // the edits show nothing of what is there

	first, beyond int64 // earliest and latest presentation time of what is shown
	decode        int64 // of the first sample that is read
	deepest       int64 // least composition offset
	count         int64
	early         early // what is decoded at the last moment
}

// prepare looks at the samples once for each span, and once more where what is
// found makes a difference to the composition offsets.
func (p *presenter) prepare() error {
	for i := range p.spans {
		if err := p.survey(&p.spans[i]); err != nil {
			return err
		}
	}
	p.drop()
	p.first, p.beyond, p.deepest = math.MaxInt64, math.MinInt64, math.MaxInt64
	if p.open {
		p.deepest = 0
	}
	if ok, err := p.tally(); ok || err != nil {
		return err
	}
	return p.each(func(s *shown) error {
		if p.count == 0 {
			p.decode = s.decode
		}
		p.count++
		p.deepest = min(p.deepest, s.present-s.decode)
		if !s.hide {
			p.first, p.beyond = min(p.first, s.present), max(p.beyond, s.end)
		}
		return nil
	})
}

// hides reports whether there are samples to hide.
func (p *presenter) hides() bool {
	for i := range p.surveys {
		if len(p.surveys[i].hidden) > 0 {
			return true
		}
	}
	return false
}

// shows is when the track begins and ends to be seen or heard: without priming,
// but for a packet that an edit cuts in two beyond p.cut, and without what an
// encoder padded the last packet with.
func (p *presenter) shows() (begin, end int64) {
	begin, end = p.first, p.beyond
	if s := &p.spans[0]; !s.open && (p.cut == 0 || s.start-begin <= p.cut) {
		begin = max(begin, s.start)
	}
	if s := &p.spans[len(p.spans)-1]; s.end != math.MaxInt64 {
		if end = min(end, s.start+s.end-s.begin); p.settled {
			end = s.start + s.end - s.begin // samples do not tell any more how long they show
		}
	}
	return begin, max(begin, end)
}

// drop forgets spans that show nothing; if all do, the list was nonsense.
func (p *presenter) drop() {
	var spans []span
	var surveys []survey
	for i, v := range p.surveys {
		if v.found {
			spans, surveys = append(spans, p.spans[i]), append(surveys, v)
		}
	}
	if len(spans) == 0 {
		p.shownless = true
		spans, surveys = everything(), []survey{{last: math.MaxInt64, found: true}}
	}
	p.spans, p.surveys = spans, surveys
}

func (p *presenter) survey(s *span) error {
	if s.open || p.settled || s.begin == 0 && s.end == math.MaxInt64 {
		v := survey{last: math.MaxInt64, found: true}
		lone, err := p.lone()
		if lone {
			v.first = 1
		}
		p.surveys = append(p.surveys, v)
		return err
	}
	v, ok, err := p.surveyRuns(s)
	switch {
	case err != nil:
		return err
	case ok:
		p.surveys = append(p.surveys, v)
		return nil
	case p.video:
		return p.surveyVideo(s)
	}
	return p.surveyAudio(s)
}

// surveyVideo finds the samples that a span shows, those before that they are
// decoded from (back to a sync sample), and which of them to hide.
func (p *presenter) surveyVideo(s *span) error {
	v := survey{first: -1, last: -1, resume: -1}
	var r raw
	var sync int64
	var behind []hidden // since the last sync sample, nothing shown yet
	var longest int64
	err := p.read(&r, func(i int64) bool {
		at := (r.decode + int64(r.shift)) * p.scale
		if v.resume == i {
			v.resumeAt = r.decode * p.scale
		}
		longest = max(longest, int64(r.duration))
		if r.sync && !v.found {
			sync, behind = i, behind[:0]
		}
		switch {
		case at+max(int64(r.duration)*p.scale, 1) <= s.begin:
			if len(behind) < maxHidden {
				behind = append(behind, hidden{i, at})
			}
			if v.found {
				v.resume = i + 1
			}
		case at < s.end:
			if !v.found {
				v.found, v.first = true, sync
				if len(behind) > 0 {
					v.resume, v.resumeAt = i, r.decode*p.scale
				}
			}
			v.last = i
		}
		return true
	})
	if v.found {
		v.hidden = hiddenWithin(behind, v.first, v.last)
		v.unit = max(longest*p.scale/hideRatio, 1)
	}
	p.surveys = append(p.surveys, v)
	return err
}

func hiddenWithin(list []hidden, first, last int64) []hidden {
	list = slices.DeleteFunc(list, func(h hidden) bool { return h.index < first || h.index > last })
	slices.SortFunc(list, func(a, b hidden) int { return cmp.Compare(a.present, b.present) })
	return list
}

// surveyAudio finds the packets that a span plays. None before them is kept, be
// it an encoder's priming or what a decoder would warm up with: half of all
// players place the first packet that they get at the beginning, and would be
// late by all that is before it. A decoder that starts with the first packet is
// right after it, as it is after each seek; one that cannot start there (USAC) is
// given what it needs.
func (p *presenter) surveyAudio(s *span) error {
	v := survey{first: -1, last: -1}
	var r raw
	var sync int64
	err := p.read(&r, func(i int64) bool {
		at := (r.decode + int64(r.shift)) * p.scale
		if r.sync && !v.found {
			sync = i
		}
		if at+max(int64(r.duration)*p.scale, 1) <= s.begin {
			return true
		}
		if at >= s.end {
			return false
		}
		if !v.found {
			v.found, v.first = true, i
			if p.syncs {
				v.first = sync
			}
		}
		v.last = i
		return true
	})
	p.surveys = append(p.surveys, v)
	return err
}

// read calls fn with the index of each sample, until it returns false.
func (p *presenter) read(r *raw, fn func(i int64) bool) error {
	if err := p.samples.rewind(); err != nil {
		return err
	}
	for i := int64(0); ; i++ {
		more, err := p.samples.next(r)
		if err != nil || !more {
			return err
		}
		r.sync = r.sync || !p.syncs
		if r.decode > maxTicks/p.scale {
			return problem.Errorf(ErrInvalid, "sample %d is decoded at a time beyond all reason", i+1)
		}
		if !fn(i) {
			return nil
		}
	}
}

// each calls fn with every sample of the presentation, in decode order.
func (p *presenter) each(fn func(*shown) error) error {
	last := int64(math.MinInt64)
	for i := range p.spans {
		s, v := &p.spans[i], &p.surveys[i]
		var r raw
		var sh shown // one for all: a new one for each sample would be garbage by the thousand
		var failed error
		squeezed := squeeze(v.hidden, v.unit)
		err := p.read(&r, func(i int64) bool {
			if i < v.first {
				return true
			}
			if i > v.last {
				return false
			}
			p.place(&sh, s, v, &r, i, squeezed)
			sh.decode = max(sh.decode, last) // decoding never goes back
			last = sh.decode
			failed = p.early.add(&sh, fn)
			return failed == nil
		})
		if err != nil || failed != nil {
			return cmp.Or(failed, err)
		}
	}
	if p.part {
		return nil // nobody knows yet what else is decoded before the group shows
	}
	return p.early.flush(fn)
}

// squeeze gives each hidden sample a place of its own in the last moment before
// the span, in the order in which they would have shown: by index, ticks before.
func squeeze(list []hidden, unit int64) map[int64]int64 {
	if len(list) == 0 {
		return nil
	}
	m := make(map[int64]int64, len(list))
	for rank, h := range list {
		m[h.index] = int64(len(list)-rank) * unit
	}
	return m
}

// place puts a sample on the presentation's timeline.
func (p *presenter) place(sh *shown, s *span, v *survey, r *raw, i int64, squeezed map[int64]int64) {
	shift := s.start - s.begin
	sh.raw, sh.hide = *r, false
	sh.decode = r.decode*p.scale + shift
	sh.present = sh.decode + int64(r.shift)*p.scale
	sh.end = sh.present + int64(r.duration)*p.scale
	if squeezed != nil {
		if before, hide := squeezed[i]; hide {
			sh.present, sh.hide = s.start-before, true
			sh.end = sh.present + v.unit
		}
	}
	if p.video && !s.open && !p.settled && !sh.hide && sh.present < s.start {
		sh.present = s.start // the edit begins while it shows
	}
	if i < v.resume {
		sh.decode = v.resumeAt + shift - (v.resume-i)*v.unit
	}
}
