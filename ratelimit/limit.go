package ratelimit

import (
	"fmt"
	"math"
	"time"
)

// The bounds of a Limit. Within them no count of a bucket leaves an int64 in
// the lifetime of a process, and none loses a thousandth of a token.
const (
	MaxBurst = 1_000_000_000
	MaxRate  = 1_000_000
	MinRate  = 1.0 / (366 * 24 * 3600) // one token a year
)

// Limit is a token bucket: it holds Burst tokens when it is full and gets Rate
// of them a second. A request costs one token, or what Options.Cost says.
type Limit struct {
	Burst int     // tokens, from 1 to MaxBurst
	Rate  float64 // tokens per second, from MinRate to MaxRate
}

// Validate says why nothing could be limited by l.
func (l Limit) Validate() error {
	switch {
	case l.Burst < 1:
		return fmt.Errorf("ratelimit: a burst of %d lets nothing through; it has to be 1 at least", l.Burst)
	case l.Burst > MaxBurst:
		return fmt.Errorf("ratelimit: a burst of %d is more than the %d that are counted", l.Burst, MaxBurst)
	case math.IsNaN(l.Rate):
		return fmt.Errorf("ratelimit: the rate is not a number")
	case l.Rate <= 0:
		return fmt.Errorf("ratelimit: a rate of %g per second never fills the bucket again; it has to be above 0", l.Rate)
	case l.Rate < MinRate:
		return fmt.Errorf("ratelimit: a rate of %g per second is less than one token in a year", l.Rate)
	case l.Rate > MaxRate:
		return fmt.Errorf("ratelimit: a rate of %g per second is more than the %d that are counted", l.Rate, MaxRate)
	}
	return nil
}

// LimitOf is the Limit of so many tokens in each interval.
func LimitOf(tokens uint64, interval time.Duration) (Limit, error) {
	if interval <= 0 {
		return Limit{}, fmt.Errorf("ratelimit: an interval of %v has no rate", interval)
	}
	l := Limit{Burst: int(min(tokens, MaxBurst+1)), Rate: float64(tokens) / interval.Seconds()}
	return l, l.Validate()
}

// refill is how long an empty bucket takes to be full.
func (l Limit) refill() time.Duration { return l.timeFor(float64(l.Burst)) }

// timeFor is how long the bucket takes to get so many tokens, rounded up.
func (l Limit) timeFor(tokens float64) time.Duration {
	nanos := math.Ceil(tokens / l.Rate * 1e9)
	if nanos >= math.MaxInt64 {
		return math.MaxInt64
	}
	return time.Duration(max(nanos, 0))
}
