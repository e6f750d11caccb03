package ratelimittest

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/streamgate/streamgate/ratelimit"
)

// slack is by how much of a token a store may differ from the ideal: it counts
// thousandths, and its clock microseconds.
const slack = 0.01

// ideal is a token bucket as one would write it who has no memory to save.
type ideal struct {
	limit  ratelimit.Limit
	tokens float64
}

func (i *ideal) advance(d time.Duration) {
	i.tokens = min(float64(i.limit.Burst), i.tokens+d.Seconds()*i.limit.Rate)
}

// step is a pause and then a request.
type step struct {
	Pause  time.Duration
	Tokens float64
	Charge bool
}

// followsIdeal holds every answer of a store against the ideal bucket of the
// same answers: it never gives what is not there, nor keeps what is. What the
// store rounds would add up in the difference, and must not.
func followsIdeal(t *testing.T, open func(t *testing.T, limit ratelimit.Limit) Fixture) {
	rapid.Check(t, func(rt *rapid.T) {
		limit := ratelimit.Limit{
			Burst: rapid.IntRange(1, 50).Draw(rt, "burst"),
			Rate:  rapid.Float64Range(0.01, 5).Draw(rt, "rate"),
		}
		f := open(t, limit)
		want := ideal{limit, float64(limit.Burst)}
		for _, s := range rapid.SliceOfN(steps(limit), 1, 100).Draw(rt, "steps") {
			f.Advance(s.Pause)
			want.advance(s.Pause)
			take := f.Store.TakeN
			if s.Charge {
				take = f.Store.Charge
			}
			r, err := take(t.Context(), "key", s.Tokens)
			switch {
			case err != nil:
				rt.Fatal(err)
			case r.OK && s.Tokens > 0 && !s.Charge && want.tokens < s.Tokens-slack:
				rt.Fatalf("%v were admitted of %v", s.Tokens, want.tokens)
			case !r.OK && (s.Charge || want.tokens > s.Tokens+slack):
				rt.Fatalf("%v were refused of %v", s.Tokens, want.tokens)
			case r.OK:
				want.tokens -= s.Tokens
			}
			if d := r.Remaining - want.tokens; d > slack || d < -slack {
				rt.Fatalf("%v remain, ideally %v", r.Remaining, want.tokens)
			}
		}
	})
}

// steps come mostly as fast as the tokens do, so that buckets are empty often.
func steps(l ratelimit.Limit) *rapid.Generator[step] {
	token := float64(time.Second) / l.Rate
	return rapid.Custom(func(t *rapid.T) step {
		pause := rapid.Float64Range(0, 3).Draw(t, "tokens that flow")
		if rapid.IntRange(0, 9).Draw(t, "rare") == 0 {
			pause *= 100
		}
		return step{
			Pause:  time.Duration(pause * token).Truncate(time.Microsecond),
			Tokens: float64(rapid.IntRange(0, 3000).Draw(t, "thousandths")) / 1000,
			Charge: rapid.IntRange(0, 9).Draw(t, "charge") == 0,
		}
	})
}
