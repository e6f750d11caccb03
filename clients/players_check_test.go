package clients_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

// sync is by how much pictures are shown after they should be, and beeps sound
// after their flashes, both by the median of the beginning.
func (f *film) sync(s shown) (clock, sync float64, err error) {
	var pictures, beeps []float64
	for _, shown := range s.Frames {
		if shown[1] >= 0 {
			pictures = append(pictures, shown[0]-shown[1]/f.fps()-f.picture)
		}
	}
	for _, onset := range s.Onsets {
		for _, n := range f.beeps() {
			if late := onset - float64(n)/f.fps() - f.sound; math.Abs(late) < 0.5 {
				beeps = append(beeps, late)
			}
		}
	}
	if len(pictures) < 10 || len(beeps) == 0 {
		return 0, 0, fmt.Errorf("%d pictures could be read of %d, and %d beeps heard", len(pictures), len(s.Frames), len(s.Onsets))
	}
	clock = median(pictures)
	return clock, median(beeps) - clock, nil
}

// check tells what is wrong with what a player shows. What is known not to be right
// is logged, and has to be there: a reason that is out of date is wrong, too.
func (f *film) check(t *testing.T, s shown, duration, reference float64) []string {
	t.Helper()
	clock, sync, err := f.sync(s)
	t.Logf("%s: clock %+.1f ms, sync %+.1f ms, the file's %+.1f ms, lasts %.3f s, %d pictures", s.Engine, clock*1000, sync*1000, reference*1000, s.Duration, len(s.Frames))
	wrong := []string{s.Error}
	if s.Error == "" {
		wrong = slices.Concat(f.wrongTimes(s, duration, reference), f.wrongSeeks(s, duration))
		if err != nil {
			wrong = append(wrong, err.Error())
		}
	}
	switch why, known := f.known[s.Engine]; {
	case known && len(wrong) == 0:
		return []string{"nothing is wrong, where it should be that " + why}
	case known:
		t.Logf("%s: known: %s: %q", s.Engine, why, wrong)
		return nil
	}
	return wrong
}

// wrongTimes is what is wrong with the beginning, the end and the player's clock.
func (f *film) wrongTimes(s shown, duration, reference float64) (wrong []string) {
	clock, sync, err := f.sync(s)
	if !s.Proof {
		wrong = append(wrong, "something else plays")
	}
	if !s.Ended {
		wrong = append(wrong, "it does not end")
	}
	if math.Abs(clock) > f.each() {
		wrong = append(wrong, fmt.Sprintf("pictures are %.1f ms off the player's clock", clock*1000))
	}
	if err == nil && math.Abs(sync-reference) > syncTolerance {
		wrong = append(wrong, fmt.Sprintf("beeps are %.1f ms off their flashes, those of the file %.1f ms", sync*1000, reference*1000))
	}
	if math.Abs(s.Duration-duration) > 0.1 {
		wrong = append(wrong, fmt.Sprintf("it lasts %f s, want %f", s.Duration, duration))
	}
	return wrong
}

// wrongSeeks are those after which another picture shows than the clock says.
func (f *film) wrongSeeks(s shown, duration float64) (wrong []string) {
	picture := f.each()
	if len(s.Seeks) != len(f.places(duration)) {
		wrong = append(wrong, fmt.Sprintf("%d seeks", len(s.Seeks)))
	}
	for _, seek := range s.Seeks {
		off := seek[1] - f.picture - seek[2]/f.fps()
		if seek[1] < f.picture && seek[2] <= 1 {
			off = 0 // the first picture is there from the beginning
		}
		if seek[2] < 0 || off < -picture || off > 2*picture {
			wrong = append(wrong, fmt.Sprintf("after a seek to %.3f its clock says %.3f, and picture %.0f is shown, of %.3f", seek[0], seek[1], seek[2], seek[2]/f.fps()+f.picture))
		}
	}
	return wrong
}

// each is how long a picture shows, in seconds.
func (f *film) each() float64 { return max(float64(f.sparse), 1) / f.fps() }

func median(list []float64) float64 {
	list = slices.Sorted(slices.Values(list))
	return list[len(list)/2]
}
