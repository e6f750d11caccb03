package media

import "math"

// Where the picture sets in later than the sound, players of HLS come apart: many
// place the first segment of each playlist at the presentation's beginning, whatever
// its decode time says. So the first picture shows from there on, and lasts so much
// longer. Nothing else moves, and all of the sound is there. One that is later than a
// segment lasts stays where it is: a file like that has a reason.
//
// The same players do not cut what an edit leaves out of the first packet of sound:
// it is heard, and all that follows is late by it. Where that is more than cutSlack,
// the presentation begins with that packet, and the picture is held for it.

// cutSlack is what may be cut off a first packet, or be missing after it, in
// fractions of a second.
const cutSlack = 100

// maxHeld is how many ticks a picture is held at most: what is decoded before it has
// its composition offset in 32 bits, with what it has by itself.
const maxHeld = math.MaxInt32 / 2

// cuttable says whether players cut its packets by what they are told.
func (p *presenter) cuttable() bool { return !p.syncs && !p.settled }

// hold has a track of video that sets in late begin with the presentation.
func (p *parser) hold(c *prepared) {
	held := p.late(c)
	c.built.shown -= held
	c.built.track.Held = uint64(held)
}

// late is by how many ticks a track of video sets in later than the sound; 0 where it
// does not, or by more than a segment. A rendition is as late as its source, but for
// one that was made to last as long: encoders repeat the first picture. What was
// settled is late by what it was then.
func (p *parser) late(c *prepared) int64 {
	b := c.built
	if c.count < 2 || !c.video || c.settled {
		return 0
	}
	if p.like != nil {
		held := convert(int64(p.like.source.Held), p.like.source.Timescale, b.track.Timescale)
		if missing := p.like.lasts(b.track.Timescale) - (b.ends - b.shown); 2*missing < held {
			return 0
		}
		return held
	}
	late := max(b.shown-b.zero, 0)
	if late > maxHeld || float64(late) > p.cut.Target*float64(b.track.Timescale) {
		return 0
	}
	return late
}

// held shows the first picture, and decodes what is decoded with it, so many ticks
// earlier than each says, before fn has them.
func (p *presenter) held(ticks int64, fn func(*shown) error) func(*shown) error {
	if ticks == 0 {
		return fn
	}
	squeezed := int64(0) // how many are decoded in the last moment before it
	if v := &p.surveys[0]; len(v.hidden) > 0 {
		squeezed = v.resume - v.first
	}
	done, n := false, int64(0)
	return func(s *shown) error {
		if done && n >= squeezed {
			return fn(s)
		}
		n++
		h := *s
		h.decode -= ticks
		first := !done && !s.hide && s.present == p.first
		if first || s.hide {
			h.present, h.end = h.present-ticks, h.end-ticks
		}
		h.early = h.early || first // how long it lasts tells nothing of the others
		done = done || first
		return fn(&h)
	}
}
