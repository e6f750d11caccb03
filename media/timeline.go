package media

import (
	"math"
	"math/big"

	"github.com/streamgate/streamgate/internal/problem"
)

// span is one edit of a track, made ready to be read: the samples from first to
// last in decode order, shifted so that media time begin comes at start.
type span struct {
	begin int64 // media time, track ticks
	end   int64 // media time; MaxInt64 is to the end
	start int64 // presentation time, track ticks
	open  bool  // nothing limits it at the beginning
}

// spans resolves an edit list (ISO/IEC 14496-12 §8.6.6): empty edits become
// delays, edits that follow each other in the media become one. Rates are taken
// as 1. A list that shows nothing is as good as none.
func (t *trak) spans(movieScale uint32, scale int64) []span {
	var list []span
	ticks := func(d uint64) int64 { return rescale(d, int64(t.timescale)*scale, int64(movieScale)) }
	elapsed := uint64(0) // movie ticks
	for _, e := range t.edits {
		if e.time >= 0 && e.time < maxTicks/scale {
			s := span{begin: e.time * scale, end: math.MaxInt64, start: ticks(elapsed)}
			if e.duration > 0 && movieScale > 0 {
				s.end = s.begin + ticks(e.duration)
			}
			if n := len(list); n > 0 && near(list[n-1].end, s.begin) && near(list[n-1].start+list[n-1].end-list[n-1].begin, s.start) {
				list[n-1].end = s.end
			} else {
				list = append(list, s)
			}
			if s.end == math.MaxInt64 {
				break
			}
		}
		if elapsed+e.duration < elapsed || elapsed+e.duration > 1<<56 {
			break
		}
		elapsed += e.duration
	}
	if len(list) == 0 {
		return everything()
	}
	return list
}

func everything() []span {
	return []span{{begin: 0, end: math.MaxInt64, open: true}}
}

// near forgives the rounding of one timescale to another.
func near(a, b int64) bool { return a-b <= 1 && b-a <= 1 }

// rescale returns d*to/from, rounded up, at most maxTicks.
func rescale(d uint64, to, from int64) int64 {
	if from <= 0 || to <= 0 {
		return 0
	}
	v := new(big.Int).SetUint64(d)
	v.Mul(v, big.NewInt(to)).Add(v, big.NewInt(from-1)).Quo(v, big.NewInt(from))
	if !v.IsInt64() || v.Int64() > maxTicks {
		return maxTicks
	}
	return v.Int64()
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// begin puts time 0 of the presentation where the earliest track starts to show.
func begin(tracks []*built) {
	zero := tracks[0]
	for _, b := range tracks {
		if before(b.shown, b.track.Timescale, zero.shown, zero.track.Timescale) {
			zero = b
		}
	}
	for _, b := range tracks {
		b.zero = convert(zero.shown, zero.track.Timescale, b.track.Timescale)
	}
}

// align chooses the presentation's beginning on the decode timelines, which begin
// early enough for what must be decoded before it.
//
// A lead or a duration beyond all reason is an error: no player would follow.
func align(tracks []*built) error {
	step := int64(0) // ticks a second of the coarsest clock that all tracks share
	for _, b := range tracks {
		step = gcd(int64(b.track.Timescale), step)
	}
	if step < minStep {
		// Clocks with little in common: a tick of rounding is better than a long wait.
		step = finest(tracks)
	}
	lead := int64(0) // in steps
	for _, b := range tracks {
		lead = max(lead, mulDivCeil(b.zero-b.decode, step, int64(b.track.Timescale)))
	}
	if lead > maxLead*step {
		return problem.Errorf(ErrInvalid, "decoding would have to begin %d seconds before the first picture or sound", lead/step)
	}
	for _, b := range tracks {
		b.track.Origin = uint64(mulDivCeil(lead, int64(b.track.Timescale), step))
		b.settle()
		if b.track.Duration > maxDuration*uint64(b.track.Timescale) {
			return problem.Errorf(ErrInvalid, "track %d would last %d days", b.track.ID, b.track.Duration/uint64(b.track.Timescale)/86400)
		}
	}
	return nil
}

// minStep is the coarsest common clock, in ticks a second, that is used to keep
// tracks exactly in step.
const minStep = 100

func finest(tracks []*built) int64 {
	step := int64(0)
	for _, b := range tracks {
		step = max(step, int64(b.track.Timescale))
	}
	return step
}

func before(a int64, aScale uint32, b int64, bScale uint32) bool {
	return new(big.Int).Mul(big.NewInt(a), big.NewInt(int64(bScale))).
		Cmp(new(big.Int).Mul(big.NewInt(b), big.NewInt(int64(aScale)))) < 0
}

// convert returns v of one timescale in another, rounded to the nearest.
func convert(v int64, from, to uint32) int64 {
	n := new(big.Int).Mul(big.NewInt(v), big.NewInt(2*int64(to)))
	n.Add(n, big.NewInt(int64(from)))
	return n.Div(n, big.NewInt(2*int64(from))).Int64()
}

// mulDivCeil returns v*by/over, rounded up; at least 0.
func mulDivCeil(v, by, over int64) int64 {
	if v <= 0 {
		return 0
	}
	return rescale(uint64(v), by, over)
}
