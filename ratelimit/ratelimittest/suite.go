// Package ratelimittest is the suite that every ratelimit.Store has to pass.
package ratelimittest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/streamgate/streamgate/ratelimit"
)

// Fixture is a store under test, empty at first.
type Fixture struct {
	Store ratelimit.Store

	// Advance moves the clock that Store counts by, by whole microseconds. Between
	// its calls the clock stands still.
	Advance func(time.Duration)
}

// Run checks the stores that open returns, each with the limit that it is given.
func Run(t *testing.T, open func(t *testing.T, limit ratelimit.Limit) Fixture) {
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			c.check(&bench{t: t, ctx: t.Context(), Fixture: open(t, perMinute)})
		})
	}
	t.Run("a bucket is within a hundredth of a token of the ideal one, whatever comes", func(t *testing.T) {
		followsIdeal(t, open)
	})
	t.Run("of many at once exactly as many get through as there are tokens", func(t *testing.T) {
		atOnce(t, open(t, perMinute))
	})
}

// perMinute is so slow that no bucket fills while a test runs, by whatever clock.
var perMinute = ratelimit.Limit{Burst: 5, Rate: 1.0 / 60}

type check struct {
	name  string
	check func(*bench)
}

// bench is a store with a test around it.
type bench struct {
	Fixture
	t   *testing.T
	ctx context.Context
}

func (b *bench) take(key string, n float64) ratelimit.Result {
	b.t.Helper()
	r, err := b.Store.TakeN(b.ctx, key, n)
	if err != nil {
		b.t.Fatalf("TakeN of %v from %q: %v", n, key, err)
	}
	return r
}

func (b *bench) charge(key string, n float64) ratelimit.Result {
	b.t.Helper()
	r, err := b.Store.Charge(b.ctx, key, n)
	if err != nil {
		b.t.Fatalf("Charge of %v to %q: %v", n, key, err)
	}
	return r
}

// admits wants n tokens to be there.
func (b *bench) admits(key string, n float64) {
	b.t.Helper()
	if r := b.take(key, n); !r.OK {
		b.t.Errorf("%v of %q is refused: %+v", n, key, r)
	}
}

// refuses wants n tokens not to be there.
func (b *bench) refuses(key string, n float64) ratelimit.Result {
	b.t.Helper()
	r := b.take(key, n)
	if r.OK {
		b.t.Errorf("%v of %q is not refused: %+v", n, key, r)
	}
	return r
}

// has wants a bucket to hold so many tokens, give or take a thousandth.
func (b *bench) has(key string, tokens float64) {
	b.t.Helper()
	if r := b.take(key, 0); !near(r.Remaining, tokens) || !r.OK {
		b.t.Errorf("%q has %v (%v), not %v", key, r.Remaining, r.OK, tokens)
	}
}

func near(a, b float64) bool { return math.Abs(a-b) < 0.0015 }

// fails wants err to be one.
func (b *bench) fails(what string, err, target error) {
	b.t.Helper()
	if err == nil || (target != nil && !errors.Is(err, target)) {
		b.t.Errorf("%s: error %v", what, err)
	}
}

func atOnce(t *testing.T, f Fixture) {
	const takers, each = 8, 5
	results := make(chan string, takers)
	for range takers {
		go func() {
			ok := 0
			for range each {
				r, err := f.Store.TakeN(t.Context(), "key", 0.5)
				if err != nil {
					results <- err.Error()
					return
				}
				if r.OK {
					ok++
				}
			}
			results <- fmt.Sprint(ok)
		}()
	}
	total := 0
	for range takers {
		var n int
		if r := <-results; scan(r, &n) != nil {
			t.Fatal(r)
		}
		total += n
	}
	if total != 10 {
		t.Errorf("%d halves of 5 tokens were admitted", total)
	}
}

func scan(s string, n *int) error {
	_, err := fmt.Sscan(s, n)
	return err
}
