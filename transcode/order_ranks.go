package transcode

import (
	mathbits "math/bits"

	"github.com/streamgate/streamgate/media"
)

// ranks number pictures in the order in which they are shown, who come in the order in
// which they are decoded. Nothing of that is guessed: between two pictures from which
// others count there is one at each step, or what is said of them is of no use.
type ranks struct {
	step int64 // of picture order counts, from a picture to the next one

	begins int64  // the number of the picture from which others count
	count  int64  // its picture order count
	next   int64  // pictures since then that are shown without one missing between
	ahead  uint64 // those after next that are there: the lowest bit is next
	gone   bool   // it is another step, or there is none
}

// steps of picture order counts: most encoders count fields, some frames.
var steps = [...]int64{2, 1}

// maxAhead is how much earlier than it is shown a picture may be decoded, and how much
// later, in pictures: H.264 keeps no more of them.
const maxAhead = 16

// take numbers a picture, from 0 on.
func (k *ranks) take(p media.Picture) (shown int64) {
	if k.gone {
		return 0
	}
	if p.Begins {
		k.gone = k.ahead != 0
		k.begins, k.count, k.next, k.ahead = k.begins+k.next, p.Count, 0, 0
	}
	rank := p.Count - k.count
	far := rank/k.step - k.next
	if rank < 0 || rank%k.step != 0 || far < 0 || far > 2*maxAhead || k.ahead&(1<<far) != 0 {
		k.gone = true
		return 0
	}
	k.ahead |= 1 << far
	n := mathbits.TrailingZeros64(^k.ahead)
	k.next, k.ahead = k.next+int64(n), k.ahead>>n
	return k.begins + rank/k.step
}
