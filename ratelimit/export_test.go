package ratelimit

import "time"

// SetClock replaces the monotonic clock, which begins at 0.
func (m *Memory) SetClock(clock func() time.Duration) { m.clock = clock }
