package media

import (
	"github.com/streamgate/streamgate/internal/problem"
)

const (
	// maxAsked is how many pictures are looked at of a track that does not say
	// which of them decode alone: more than two hours. Those after it count as
	// pictures that do not.
	maxAsked = 1 << 18
	// enoughAlone is how many pictures in a row have to decode alone for the
	// claim that all do to be believed.
	enoughAlone = 16
)

// flagged returns the samples of a track, with flags that tell sync samples from
// others. A track of video may lack them (no stss box, fragments without flags):
// it then says that all pictures are sync samples, or none. Where that is not so
// the pictures themselves are asked.
func (p *parser) flagged(c *choice) (samples, error) {
	if c.looked != nil {
		return c.looked, nil
	}
	all, err := p.samplesOf(c)
	if err != nil || c.trak.handler != "vide" || c.prefix.Size > 0 {
		return all, err
	}
	asked := &asked{samples: all, p: p, c: c}
	for _, e := range c.entries {
		asked.looks = append(asked.looks, pictureOf(e.box))
	}
	if needed, err := asked.isNeeded(); err != nil || !needed {
		return all, err
	}
	if p.part {
		return nil, errWhole // each picture has to be looked at
	}
	if found, err := asked.ask(); err != nil || !found {
		return all, err
	}
	c.looked = asked
	return asked, nil
}

// asked are samples that are sync samples where their pictures decode alone.
type asked struct {
	samples
	p     *parser
	c     *choice
	looks []func(*units) (bool, error) // by sample entry
	units units                        // one for all: it has a buffer
	alone []uint64                     // a bit for each sample
	at    int
}

func (a *asked) rewind() error {
	a.at = 0
	return a.samples.rewind()
}

func (a *asked) next(r *raw) (bool, error) {
	more, err := a.samples.next(r)
	if more {
		r.sync = a.at/64 < len(a.alone) && a.alone[a.at/64]>>(a.at%64)&1 != 0
		a.at++
	}
	return more, err
}

// isNeeded reports whether the flags say the same of all samples, of which there
// are several, and this is not so. As a rule the first two samples tell.
func (a *asked) isNeeded() (bool, error) {
	if err := a.samples.rewind(); err != nil {
		return false, err
	}
	var r raw
	var sync, others, alone int
	for sync == 0 || others == 0 {
		more, err := a.samples.next(&r)
		if err != nil {
			return false, err
		}
		if !more && a.p.grows() {
			return false, errMore
		}
		if !more {
			return sync+others > 1 && (sync == 0 || alone < sync), nil
		}
		if !r.sync {
			others++
			continue
		}
		if sync++; sync == alone+1 && alone < enoughAlone {
			ok, err := a.decodesAlone(&r)
			if err != nil {
				return false, err
			}
			if ok {
				alone++
			}
		}
		if alone == enoughAlone {
			return false, nil
		}
	}
	return false, nil
}

// ask looks at all samples. It reports whether any of them decodes alone: where
// none does nothing is known that the flags do not say.
func (a *asked) ask() (found bool, err error) {
	if err := a.samples.rewind(); err != nil {
		return false, err
	}
	var r raw
	for i := range maxAsked {
		more, err := a.samples.next(&r)
		if err != nil {
			return false, err
		}
		if !more {
			break
		}
		if err := a.p.ctx.Err(); err != nil {
			return false, err
		}
		if i%64 == 0 {
			a.alone = append(a.alone, 0)
		}
		ok, err := a.decodesAlone(&r)
		if err != nil {
			return false, err
		}
		if ok {
			a.alone[i/64] |= 1 << (i % 64)
			found = true
		}
	}
	return found, nil
}

func (a *asked) decodesAlone(r *raw) (bool, error) {
	if r.offset < 0 || r.offset > a.p.source.size-int64(r.size) || r.entry < 0 || r.entry >= len(a.looks) {
		return false, problem.Errorf(ErrInvalid, "the file is truncated: a sample of track %d lies behind its end", a.c.trak.id)
	}
	if r.offset > a.p.source.have-int64(r.size) {
		return false, errMore
	}
	a.units.reset(a.p.source.r, r.offset, r.size)
	return a.looks[r.entry](&a.units)
}
