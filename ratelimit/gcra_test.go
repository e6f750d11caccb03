package ratelimit_test

import (
	"math"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/streamgate/streamgate/ratelimit"
)

// rates are those that applications have and those at the ends.
var rates = rapid.OneOf(
	rapid.Float64Range(0.1, 100),
	rapid.SampledFrom([]float64{ratelimit.MinRate, 1.0 / 3600, 1.0 / 3, 3, 10, 7777.77, ratelimit.MaxRate}),
)

// TestInEveryWindowAsManyAreAdmittedAsByTheIdealBucket plays random requests to
// a Memory and to a token bucket in floating point that decides by itself, but
// where the last hundredth of a token decides: there it does as the Memory does.
// In no window do the numbers that they admit differ by more than one, and in
// none are there more than the burst and what flows, and one.
func TestInEveryWindowAsManyAreAdmittedAsByTheIdealBucket(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		limit := ratelimit.Limit{Burst: rapid.IntRange(1, 20).Draw(rt, "burst"), Rate: rates.Draw(rt, "rate")}
		m, clock := withClock(t, limit, nil)
		clock.now = time.Duration(rapid.Int64Range(0, int64(100*24*time.Hour)).Draw(rt, "up for"))

		ideal, last := float64(limit.Burst), clock.now
		history := make([]admission, 1, 300) // with none at first
		for i := range rapid.IntRange(1, 300).Draw(rt, "requests") {
			clock.advance(pause(limit, rt, i))
			ideal = min(float64(limit.Burst), ideal+(clock.now-last).Seconds()*limit.Rate)
			last = clock.now
			next := history[len(history)-1]
			next.at = clock.now.Seconds()
			admits := taken(t, m, "key", 1)
			if admits {
				next.admitted++
			}
			if (admits && math.Abs(ideal-1) < 0.01) || ideal >= 1.01 {
				ideal--
				next.ideally++
			}
			history = append(history, next)
		}
		for j, end := range history {
			for i, begin := range history[:j] {
				n := end.admitted - begin.admitted
				if most := float64(limit.Burst) + (end.at-history[i+1].at)*limit.Rate + 1; float64(n) > most {
					rt.Fatalf("from request %d to %d, %d were admitted; at most %v", i, j, n, most)
				}
				if d := n - (end.ideally - begin.ideally); d > 1 || d < -1 {
					rt.Fatalf("from request %d to %d, %d were admitted; ideally %d", i, j, n, n-d)
				}
			}
		}
	})
}

// admission counts the requests that were admitted until a time.
type admission struct {
	at                float64 // seconds
	admitted, ideally int
}

// pause is mostly one in which a token or so flows, and sometimes none or a
// jump: a machine that was suspended or moved.
func pause(l ratelimit.Limit, rt *rapid.T, i int) time.Duration {
	tokens := rapid.OneOf(rapid.Float64Range(0, 1.5), rapid.Just(0.0), rapid.Float64Range(0, 1000)).Draw(rt, strconv.Itoa(i))
	return time.Duration(min(tokens*float64(time.Second)/l.Rate, 1e15))
}

// TestWhoWaitsAsLongAsToldGetsThrough, at every rate and however long the
// process has been up.
func TestWhoWaitsAsLongAsToldGetsThrough(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		limit := ratelimit.Limit{Burst: rapid.IntRange(1, ratelimit.MaxBurst).Draw(rt, "burst"), Rate: rates.Draw(rt, "rate")}
		m, clock := withClock(t, limit, nil)
		clock.now = time.Duration(rapid.Int64Range(0, int64(10*365*24*time.Hour)).Draw(rt, "up for"))
		taken(t, m, "key", float64(limit.Burst))
		n := rapid.Float64Range(0.001, float64(limit.Burst)).Draw(rt, "tokens")
		r, err := m.TakeN(t.Context(), "key", n)
		if err != nil || r.OK {
			rt.Fatal(r, err)
		}
		if n/limit.Rate > 100*365*24*3600 {
			return // nobody waits that long
		}
		clock.advance(r.Wait)
		if !taken(t, m, "key", n) {
			rt.Fatalf("%v tokens are not there after %v", n, r.Wait)
		}
		if most := time.Duration((n+0.002)/limit.Rate*1e9 + 1e3); r.Wait > most {
			rt.Fatalf("a wait of %v; %v would do", r.Wait, most)
		}
	})
}

// TestEveryKeyIsABucketOfItsOwn plays to many keys at once and compares with a
// map of one bucket each, while keys become idle, are replaced and come again,
// and tables grow and shrink.
func TestEveryKeyIsABucketOfItsOwn(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m, clock := withClock(t, ratelimit.Limit{Burst: 3, Rate: 1}, &ratelimit.MemoryOptions{MaxKeys: 4000}) // one table
		full := make(map[string]time.Duration)                                                                // when the bucket of a key is full
		keys := rapid.IntRange(1, 200).Draw(rt, "keys")
		for range rapid.IntRange(1, 1000).Draw(rt, "requests") {
			clock.advance(time.Duration(rapid.IntRange(0, 20).Draw(rt, "ms")) * time.Millisecond)
			key := strconv.Itoa(rapid.IntRange(0, keys).Draw(rt, "key"))
			after := max(full[key], clock.now) + time.Second
			want := after-clock.now <= 3*time.Second
			if want {
				full[key] = after
			}
			if got := taken(t, m, key, 1); got != want {
				rt.Fatalf("key %s at %v: %v", key, clock.now, got)
			}
		}
		if err := m.Check(); err != nil {
			rt.Fatal(err)
		}
	})
}

func TestALimitThatLimitsNothingIsRefused(t *testing.T) {
	tests := map[string]ratelimit.Limit{
		"no burst":           {Burst: 0, Rate: 1},
		"a negative burst":   {Burst: -1, Rate: 1},
		"too large a burst":  {Burst: ratelimit.MaxBurst + 1, Rate: 1},
		"no rate":            {Burst: 1, Rate: 0},
		"a negative rate":    {Burst: 1, Rate: -1},
		"no number":          {Burst: 1, Rate: math.NaN()},
		"infinite":           {Burst: 1, Rate: math.Inf(1)},
		"negative infinity":  {Burst: 1, Rate: math.Inf(-1)},
		"less than a year's": {Burst: 1, Rate: ratelimit.MinRate / 2},
		"too fast":           {Burst: 1, Rate: ratelimit.MaxRate * 1.01},
	}
	for name, limit := range tests {
		t.Run(name, func(t *testing.T) {
			l, err := ratelimit.New(limit, ratelimit.ByClientIP, nil)
			if l != nil || err == nil {
				t.Fatalf("New = %v, %v", l, err)
			}
			t.Log(err)
		})
	}
}
