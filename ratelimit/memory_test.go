package ratelimit_test

import (
	"testing"
	"time"

	"github.com/streamgate/streamgate/ratelimit"
	"github.com/streamgate/streamgate/ratelimit/ratelimittest"
)

func TestMemoryPassesTheSuite(t *testing.T) {
	ratelimittest.Run(t, func(t *testing.T, limit ratelimit.Limit) ratelimittest.Fixture {
		m, clock := withClock(t, limit, nil)
		return ratelimittest.Fixture{Store: m, Advance: clock.advance}
	})
}

// clock is a monotonic clock that a test moves.
type clock struct{ now time.Duration }

func (c *clock) advance(d time.Duration) { c.now += d }

func withClock(tb testing.TB, limit ratelimit.Limit, o *ratelimit.MemoryOptions) (*ratelimit.Memory, *clock) {
	tb.Helper()
	m, c := newMemory(tb, limit, o), new(clock)
	m.SetClock(func() time.Duration { return c.now })
	return m, c
}
