package playcheck

import (
	"bytes"
	"fmt"
	"math"
)

// hearing is how the samples of a playlist lie to those of the source.
type hearing struct {
	skew    float64 // seconds by which they sound later than their packets say
	settled int     // samples at the start that differ while a decoder warms up
	lead    int     // samples before the first wanted one
	same    float64 // the part of the samples that is the same, where not all are
	err     error
}

// warmUp is for how many decoded frames a lossy decoder that was started at
// another packet may differ: overlap-add makes it one, band replication two.
const warmUp = 3

// mostlySame is the part of the samples that has to be the same where a decoder
// that was started at another packet substitutes noise: perceptual noise
// substitution draws it from a generator that runs on from the first packet.
const mostlySame = 0.9

// listen looks for every sample of want in have, which is later by shift. It
// looks around the place where the times put them, as far as times may err.
func listen(want, have *decoded, shift float64, rate int) hearing {
	if want.samples == 0 {
		return hearing{}
	}
	if have.samples == 0 || len(have.frames) == 0 || len(want.frames) == 0 {
		return hearing{err: fmt.Errorf("no sound, not %d samples", want.samples)}
	}
	expected, reach := 0, have.samples // anywhere, where no packet says when it is due
	if !math.IsNaN(shift) {
		expected = int(math.Round((want.frames[0].at + shift - have.frames[0].at) * float64(rate)))
		reach = int(math.Ceil((syncTolerance + want.tick + have.tick) * float64(rate)))
	}
	frame := want.frames[0].samples
	for _, f := range want.frames {
		frame = max(frame, f.samples)
	}
	for settled := 0; settled <= warmUp*frame && settled < want.samples; settled += frame {
		for _, d := range outward(reach) {
			if sounds(want, have, expected+d, settled) {
				return hearing{skew: float64(d) / float64(rate), settled: settled, lead: expected + d}
			}
		}
	}
	same, err := unlike(want, have, expected)
	return hearing{lead: expected, same: same, err: err}
}

// outward is 0, 1, -1, 2, -2 and so on to reach.
func outward(reach int) []int {
	all := []int{0}
	for d := 1; d <= reach; d++ {
		all = append(all, d, -d)
	}
	return all
}

// sounds says whether have holds the samples of want from the settled-th on,
// each at places later.
func sounds(want, have *decoded, at, settled int) bool {
	if at+settled < 0 || at+want.samples > have.samples {
		return false
	}
	a := want.pcm[settled*want.stride : want.samples*want.stride]
	b := have.pcm[(at+settled)*have.stride:]
	return want.stride == have.stride && bytes.Equal(a, b[:len(a)])
}

// unlike says where the samples part, and which part of them is the same.
func unlike(want, have *decoded, at int) (same float64, err error) {
	if want.stride != have.stride {
		return 0, fmt.Errorf("samples of %d bytes, not %d: another number of channels", have.stride, want.stride)
	}
	if at < 0 || at+want.samples > have.samples {
		return 0, fmt.Errorf("%d samples from number %d on are wanted, there are %d", want.samples, at, have.samples)
	}
	differ, first := 0, -1
	for i := range want.samples {
		if !bytes.Equal(want.pcm[i*want.stride:(i+1)*want.stride], have.pcm[(at+i)*have.stride:(at+i+1)*have.stride]) {
			if differ++; first < 0 {
				first = i
			}
		}
	}
	return 1 - float64(differ)/float64(want.samples), fmt.Errorf("%d of %d samples differ, the first is number %d", differ, want.samples, first)
}
