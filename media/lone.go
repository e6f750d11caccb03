package media

import "strings"

// ffmpeg writes sound into fragments without an edit list so: the packet of priming
// that an encoder begins with, nothing until the picture sets in, and then the sound.
// Browsers play across such a hole without a pause, and everything after it is early
// by it. The packet before it is silence, and is left out; the presentation begins
// after the hole then.

// steady reports whether every packet of a codec lasts as long as any other, so that
// one which lasts longer has a hole after it. That is so of AAC.
func steady(codec string) bool { return strings.HasPrefix(codec, "mp4a.40.") }

// lone reports whether the first packet has a hole after it of more than cutSlack and
// half a packet, and those that come next have none.
func (p *presenter) lone() (bool, error) {
	if !p.steady || p.settled || p.syncs {
		return false, nil
	}
	var at [4]int64
	n := 0
	var r raw
	err := p.read(&r, func(int64) bool {
		at[n] = r.decode + int64(r.shift)
		n++
		return n < len(at)
	})
	packet := at[2] - at[1]
	even := at[3] - at[2] - packet
	return n == len(at) && packet > 0 && max(even, -even) <= p.slack/4 && at[1]-at[0]-packet > max(p.slack, packet/2), err
}
