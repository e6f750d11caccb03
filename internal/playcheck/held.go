package playcheck

import (
	"math"
	"slices"
)

const (
	// longestHold is how many seconds late a picture may be to be held.
	longestHold = 6
	// holdSlack is how far from its beginning the first sound may be, in seconds: a
	// packet that is heard in part begins before.
	holdSlack = 0.1
)

// moved is shiftOf, but where the picture sets in later than the sound and the
// presentation shows the first one from when the sound begins: that one has been
// moved, and tells nothing of the others.
func (c *comparison) moved(p *pair, want, have []unit) (shift, spread float64) {
	have = have[:len(want)]
	shift, spread = shiftOf(want, have)
	first := earliest(want)
	if p.want.Type != "video" || spread <= syncTolerance || len(want) < 2 || first < 0 || !c.waits(p) || !c.withSound(have[first].at) {
		return shift, spread
	}
	others, rest := shiftOf(slices.Delete(slices.Clone(want), first, first+1), slices.Delete(slices.Clone(have[:len(want)]), first, first+1))
	if held := others - (have[first].at - want[first].at); held <= 0 || held > longestHold {
		return shift, spread
	}
	return others, rest
}

// earliest is the unit that shows first; -1 where there is none.
func earliest(units []unit) int {
	first := -1
	for i, u := range units {
		if u.timed && !u.hidden && (first < 0 || u.at < units[first].at) {
			first = i
		}
	}
	return first
}

// waits says whether sound of the source may begin before the picture does: ffprobe
// leaves out a packet that is heard in part.
func (c *comparison) waits(p *pair) bool {
	picture := earliest(p.want.packets)
	if picture < 0 {
		return false
	}
	return slices.ContainsFunc(c.pairs, func(o pair) bool {
		list := o.want.packets
		i := earliest(list)
		if o.want.Type != "audio" || i < 0 {
			return false
		}
		packet := 0.0
		if i+1 < len(list) {
			packet = max(list[i+1].at-list[i].at, 0)
		}
		return list[i].at-packet < p.want.packets[picture].at
	})
}

// withSound says whether sound of the presentation begins at that time.
func (c *comparison) withSound(at float64) bool {
	return slices.ContainsFunc(c.pairs, func(o pair) bool {
		i := earliest(o.have.packets)
		return o.want.Type == "audio" && i >= 0 && math.Abs(o.have.packets[i].at-at) < holdSlack
	})
}
