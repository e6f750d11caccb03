package transcode

import (
	"slices"

	"github.com/streamgate/streamgate/internal/fmp4"
	"github.com/streamgate/streamgate/internal/problem"
)

// schedule says when the pictures of a fragment are decoded, who stand in the order
// in which that happens: never later than they show, and as their order asks for no
// earlier. What has to be decoded before the first one shows takes a tick or so each,
// right before it. So picture and sound begin together in players that take a
// fragment to begin when it is decoded, and fragments that were encoded apart follow
// each other at any rate of frames.
func schedule(samples []fmp4.Sample, tick int64) ([]fmp4.Timed, error) {
	shown := make([]int64, len(samples))
	for i := range samples {
		shown[i] = samples[i].Shown
	}
	slices.Sort(shown)
	early := 0 // pictures that are decoded before the first one shows
	for i := range samples {
		at, _ := slices.BinarySearch(shown, samples[i].Shown)
		if at+1 < len(shown) && shown[at] == shown[at+1] {
			return nil, problem.Errorf(ErrOutput, "two pictures show at the same time")
		}
		early = max(early, i-at)
	}
	timed := make([]fmp4.Timed, len(samples))
	for i := range samples {
		timed[i].Sample = samples[i]
		if i < early {
			timed[i].Decode = shown[0] - int64(early-i)*tick
		} else {
			timed[i].Decode = shown[i-early]
		}
	}
	return timed, nil
}
