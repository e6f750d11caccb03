package playcheck

import (
	"math"
	"strings"
	"testing"
	"time"
)

// packets compares the compressed bytes of each track.
func (c *comparison) packets() {
	for i := range c.pairs {
		p := &c.pairs[i]
		p.tolerance = p.want.tick() + p.have.tick()
		if c.coarse() {
			p.tolerance += p.want.tick()
		}
		p.packets = presented(p.want.packets)
		a := align(p.packets, p.have.packets, math.NaN())
		if all := trimmed(p.want.packets); a.err != nil && len(all) > len(p.packets) {
			if with := align(all, p.have.packets, math.NaN()); with.err == nil {
				c.result.note("%s: %d packets outside of the edit list lie between those that are presented", p.name, len(all)-len(p.packets))
				a, p.packets = with, all
			}
		}
		if a.err != nil {
			c.result.problem("%s packets: %v", p.name, a.err)
			p.shift = nearestShift(p.packets, p.have.packets)
			continue
		}
		p.exact = true
		p.shift, _ = c.moved(p, p.packets, p.have.packets[a.lead:])
	}
	c.realign()
	if len(c.pairs) == 0 && len(c.result.Problems) == 0 {
		c.result.problem("the source presents no audio or video")
	}
}

// coarse says whether the source is Matroska or WebM, whose timestamps are whole
// milliseconds as a rule. Many were rounded twice on their way there (to another
// timescale first, or by a codec's delay), so that they are up to a millisecond
// off to either side of when a packet is due: two together.
func (c *comparison) coarse() bool {
	return strings.HasSuffix(c.source, ".mkv") || strings.HasSuffix(c.source, ".webm")
}

// realign settles, where packets repeat and several places would do, for the
// place that keeps the tracks together.
func (c *comparison) realign() {
	reference := c.reference()
	for i := range c.pairs {
		p := &c.pairs[i]
		if !p.exact {
			continue
		}
		a := align(p.packets, p.have.packets, reference)
		p.track.Preroll, p.track.Tail = a.lead, a.tail
		var spread float64
		p.shift, spread = c.moved(p, p.packets, p.have.packets[a.lead:])
		if spread > syncTolerance+p.tolerance {
			c.result.problem("%s packets: their times move by %.4f s to each other", p.name, spread)
		}
		p.track.Shift = seconds(p.shift)
	}
}

// reference is the shift of the track whose place is least in doubt.
func (c *comparison) reference() float64 {
	best, least := math.NaN(), math.MaxInt
	for i := range c.pairs {
		p := &c.pairs[i]
		if !p.exact {
			continue
		}
		spare := len(p.have.packets) - len(p.packets)
		if p.want.Type == "audio" {
			spare *= 2 // silence repeats more often than pictures do
		}
		if spare < least {
			best, least = p.shift, spare
		}
	}
	return best
}

// nearestShift is how packets that are not all there lie to those wanted: by
// the first of them that is found.
func nearestShift(want, have []unit) float64 {
	for _, w := range want {
		for _, h := range have {
			if w.key == h.key && w.timed && h.timed {
				return h.at - w.at
			}
		}
	}
	return 0
}

// decode compares what the decoders give.
func (c *comparison) decode(t testing.TB) {
	if len(c.pairs) == 0 || c.short {
		return
	}
	var from, to []*stream
	for _, p := range c.pairs {
		from, to = append(from, p.want), append(to, p.have)
	}
	wants, r := decode(t.Context(), c.dir, "source", c.source, from)
	if r.err != nil {
		c.result.note("ffmpeg does not decode the source cleanly: %v", r.err)
	}
	haves, m := decode(t.Context(), c.dir, "playlist", c.master, to)
	if m.err != nil && r.err == nil {
		c.result.problem("ffmpeg does not decode the playlist: %v", m.err)
	}
	c.sourceWords = append(c.sourceWords, r.complaints...)
	c.masterWords = append(c.masterWords, m.complaints...)
	for i := range c.pairs {
		p := &c.pairs[i]
		p.frames = haves[i].frames
		wants[i].present()
		p.track.Frames = len(wants[i].frames)
		if p.track.Frames == 0 {
			c.result.problem("%s: ffmpeg decodes nothing of the source", p.name)
			continue
		}
		if wants[i].shape != haves[i].shape {
			c.result.problem("%s is %s, not %s", p.name, haves[i].shape, wants[i].shape)
		}
		if p.want.Type == "video" {
			c.pictures(p, wants[i], haves[i])
		} else {
			c.sound(p, wants[i], haves[i])
		}
	}
}

// pictures compares decoded frames and when they are shown.
func (c *comparison) pictures(p *pair, want, have *decoded) {
	a := align(want.frames, have.frames, p.shift)
	if a.err != nil {
		c.result.problem("%s frames: %v", p.name, a.err)
		return
	}
	p.track.ExtraFrames = len(have.frames) - len(want.frames)
	shift, spread := c.moved(p, want.frames, have.frames[a.lead:])
	if spread > syncTolerance+want.tick+have.tick {
		c.result.problem("%s frames: their times move by %.4f s to each other", p.name, spread)
	}
	if math.Abs(shift-p.shift) > syncTolerance+p.tolerance {
		c.result.problem("%s frames: %.4f s later than in the source, their packets %.4f s", p.name, shift, p.shift)
	}
}

// sound compares decoded samples and when they are heard.
func (c *comparison) sound(p *pair, want, have *decoded) {
	h := listen(want, have, p.shift, int(ratio(p.want.Rate, 1)))
	if h.err != nil && p.exact && h.same > mostlySame && p.elsewhere() {
		c.result.note("%s: %.1f %% of the samples are the same; the rest is noise that the decoder makes up, begun at another packet", p.name, 100*h.same)
		h.err = nil
	}
	if h.err != nil {
		c.result.problem("%s samples: %v", p.name, h.err)
		return
	}
	p.track.ExtraFrames = have.samples - want.samples
	if h.settled > 0 {
		if p.track.Preroll == 0 { // and in the source with a priming, which is not presented
			c.result.note("%s: the first %d samples differ, the decoder begins with their packet", p.name, h.settled)
			return
		}
		c.result.note("%s: the first %d samples differ, the decoder began %d packets earlier", p.name, h.settled, p.track.Preroll)
	}
}

// elsewhere says whether the decoder began at another packet than it does in
// the source.
func (p *pair) elsewhere() bool {
	return len(p.want.packets) == 0 || len(p.have.packets) == 0 || p.want.packets[0].key != p.have.packets[0].key
}

// sync checks that one shift moves all tracks.
func (c *comparison) sync() {
	for i := range c.pairs {
		for j := range c.pairs[:i] {
			a, b := &c.pairs[i], &c.pairs[j]
			switch d, allowed := a.shift-b.shift, syncTolerance+a.tolerance+b.tolerance; {
			case math.Abs(d) <= allowed:
			case math.Abs(d) <= allowed+max(a.cut(), b.cut()):
				c.result.note("%s is %.4f s later against %s than in ffprobe, which begins at the first whole frame of an edit", a.name, d, b.name)
			default:
				c.result.problem("%s is %.4f s later against %s than in the source", a.name, d, b.name)
			}
		}
	}
}

// cut is how long a frame of video may be that the edit list cuts in two at the
// beginning, in seconds; 0 where it begins with the first packet. ffprobe leaves
// the rest of that frame out and moves the next one to its place.
func (p *pair) cut() float64 {
	if p.want.Type != "video" || p.track.Preroll == 0 {
		return 0
	}
	shown := presented(p.want.packets)
	first, last := math.Inf(1), math.Inf(-1)
	for _, u := range shown {
		first, last = min(first, u.at), max(last, u.at)
	}
	return (last - first) / float64(max(1, len(shown)-1))
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
