package playcheck

import (
	"fmt"
	"math"
	"sort"
)

// alignment says where the wanted units lie among those that are there.
type alignment struct {
	lead int   // units before the first wanted one
	tail int   // units after the last wanted one
	err  error // why the wanted are not there, all, once and in order
}

// align looks for want as one unbroken run of have. When it is there more than
// once, the run whose times differ from the wanted by nearest to shift counts;
// a shift of NaN takes the first.
func align(want, have []unit, shift float64) alignment {
	best, found := alignment{}, false
	distance := math.Inf(1)
	for at := 0; at+len(want) <= len(have); at++ {
		if !same(want, have[at:at+len(want)]) {
			continue
		}
		d := 0.0
		if !math.IsNaN(shift) && len(want) > 0 {
			d = math.Abs(have[at].at - want[0].at - shift)
		}
		if !found || d < distance {
			best, found, distance = alignment{lead: at, tail: len(have) - at - len(want)}, true, d
		}
		if math.IsNaN(shift) {
			break
		}
	}
	if !found {
		best.err = difference(want, have)
	}
	return best
}

func same(a, b []unit) bool {
	for i := range a {
		if a[i].key != b[i].key {
			return false
		}
	}
	return true
}

// difference says in words how have fails to contain want as one run.
func difference(want, have []unit) error {
	there := count(have)
	missing := 0
	first := -1
	for i, u := range want {
		if there[u.key]--; there[u.key] < 0 {
			if missing++; first < 0 {
				first = i
			}
		}
	}
	switch {
	case missing > 0:
		return fmt.Errorf("%d of %d missing, the first is number %d at %.3f s (%d are there)", missing, len(want), first, want[first].at, len(have))
	case len(have) == len(want):
		return fmt.Errorf("all %d are there but in another order", len(want))
	}
	return fmt.Errorf("%d are there for %d: doubled, reordered or with others between", len(have), len(want))
}

func count(units []unit) map[string]int {
	n := make(map[string]int, len(units))
	for _, u := range units {
		n[u.key]++
	}
	return n
}

// shiftOf is by how much have is later than want, in seconds, and the range
// over which the single units spread about it. What is hidden in the source has
// no time that counts.
func shiftOf(want, have []unit) (shift, spread float64) {
	var shifts []float64
	for i := range want {
		if want[i].timed && have[i].timed && !want[i].hidden {
			shifts = append(shifts, have[i].at-want[i].at)
		}
	}
	if len(shifts) == 0 {
		return math.NaN(), 0
	}
	sort.Float64s(shifts)
	return shifts[len(shifts)/2], shifts[len(shifts)-1] - shifts[0]
}

// presented leaves out what is decoded and not shown.
func presented(units []unit) []unit {
	var shown []unit
	for _, u := range units {
		if !u.hidden {
			shown = append(shown, u)
		}
	}
	return shown
}

// lone says whether the first unit has a hole after it.
func lone(units []unit) bool {
	if len(units) < 4 {
		return false
	}
	packet := units[2].at - units[1].at
	return math.Abs(units[3].at-units[2].at-packet) < 0.0025 && units[1].at-units[0].at > 1.4*packet
}

// trimmed leaves out what is not shown at either end. In between stand pictures
// that are decoded for others and whose time lies outside of the edit.
func trimmed(units []unit) []unit {
	for len(units) > 0 && units[0].hidden {
		units = units[1:]
	}
	for len(units) > 0 && units[len(units)-1].hidden {
		units = units[:len(units)-1]
	}
	return units
}
