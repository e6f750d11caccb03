package hls

import (
	"cmp"
	"slices"

	"github.com/streamgate/streamgate/media"
)

// A rung is one of the videos that players switch between.
type rung struct {
	*prepared

	rate bitrate
}

// firstRate is what the first variant may take of the network, on average, in bits
// a second: players begin with the first one, before they know what a viewer's
// network carries. It is what Apple's authoring specification advises for Wi-Fi.
const firstRate = 2_000_000

// ladder returns the videos in the order of their variants: first the best that
// keeps to firstRate, or else the smallest, and then the others from the smallest
// on. Those of one file stay as they are.
func (p *presentation) ladder() []rung {
	var list []rung
	for _, t := range p.of(media.Video) {
		list = append(list, rung{t, bitrateOf(t.rated(), p.shared().target)})
	}
	if len(p.files) == 1 && !p.isLadder {
		return list
	}
	slices.SortStableFunc(list, func(a, b rung) int { return cmp.Compare(a.rate.peak, b.rate.peak) })
	first := 0
	for i := range list {
		if list[i].rate.average <= firstRate {
			first = i
		}
	}
	if len(list) > 0 {
		begin := list[first]
		list = slices.Insert(slices.Delete(list, first, first+1), 0, begin)
	}
	return list
}
