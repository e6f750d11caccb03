package ratelimit

import (
	"errors"
	"math"
	"time"
)

// unit is how many parts a token has: what is counted is thousandths.
const unit = 1000

// units turns a number of tokens into whole thousandths, the nearest. Whatever
// costs anything costs one at least.
func units(tokens float64) (int64, error) {
	switch {
	case math.IsNaN(tokens) || tokens < 0:
		return 0, errors.New("ratelimit: the number of tokens is negative or not a number")
	case tokens == 0:
		return 0, nil
	}
	return int64(min(max(math.Round(tokens*unit), 1), math.MaxInt64/4)), nil
}

// meter is a Limit in the arithmetic of GCRA, the generic cell rate algorithm
// (ITU-T I.371). A bucket is one number: the moment at which it will be full.
//
// Moments are not counted in nanoseconds but in the thousandths of a token that
// have flowed since the store began, so that taking is exact. The clock is
// converted anew each time: what it is rounded by never adds up.
type meter struct {
	limit   Limit
	burst   int64   // thousandths
	perNano float64 // thousandths that flow in a nanosecond
}

func newMeter(l Limit) meter {
	return meter{limit: l, burst: int64(l.Burst) * unit, perNano: l.Rate * unit / 1e9}
}

// moment is the clock in thousandths.
func (m *meter) moment(elapsed time.Duration) int64 {
	return int64(float64(elapsed) * m.perNano)
}

// take takes n thousandths from a bucket that is full at the moment full, and
// returns when it is full after that. It takes nothing where there are not so
// many, unless owing is allowed.
func (m *meter) take(full, now, n int64, owe bool) (after int64, ok bool) {
	full = max(full, now)
	if n > 0 && full-now > m.burst-n && !owe {
		return full, false
	}
	return min(full, math.MaxInt64/2) + n, true
}

// result describes a bucket that is full at the moment full, to somebody who
// wanted n of it. now is the moment of elapsed.
func (m *meter) result(full, now, n int64, ok bool, elapsed time.Duration) Result {
	left := m.burst - max(full-now, 0)
	r := Result{OK: ok, Limit: m.limit, Remaining: float64(left) / unit}
	if !ok {
		r.Wait = m.until(now+n-left) - elapsed
	}
	return r
}

// until is when, by the clock, a moment has come.
func (m *meter) until(moment int64) time.Duration {
	// The quotient may be off by as much as a float64 cannot tell apart.
	nanos := float64(moment) / m.perNano * (1 + 0x1p-51)
	if nanos >= math.MaxInt64/2 {
		return math.MaxInt64 / 2
	}
	return time.Duration(nanos) + 1
}
