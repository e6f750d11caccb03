package ratelimit_test

import (
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/streamgate/streamgate/ratelimit"
	"github.com/streamgate/streamgate/ratelimit/ratelimittest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var tenPerSecond = ratelimit.Limit{Burst: 10, Rate: 10}

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

// taken takes n tokens of key and says whether they were there.
func taken(tb testing.TB, s ratelimit.Store, key string, n float64) bool {
	tb.Helper()
	r, err := s.TakeN(tb.Context(), key, n)
	if err != nil {
		tb.Fatal(err)
	}
	return r.OK
}

// all takes single tokens of key until there are none.
func all(tb testing.TB, s ratelimit.Store, key string) (n int) {
	tb.Helper()
	for taken(tb, s, key, 1) {
		n++
	}
	return n
}

func check(tb testing.TB, m *ratelimit.Memory) {
	tb.Helper()
	if err := m.Check(); err != nil {
		tb.Fatal(err)
	}
}

func TestMemoryCountsByTheClockOfTheProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory(t, tenPerSecond, nil)
		if n := all(t, m, "key"); n != 10 {
			t.Errorf("%d tokens at first", n)
		}
		_, _, reset, _, _ := m.Take(t.Context(), "key")
		if at := time.Unix(0, int64(reset)); time.Until(at).Round(time.Millisecond) != 100*time.Millisecond {
			t.Errorf("the next token comes in %v", time.Until(at))
		}
		time.Sleep(101 * time.Millisecond)
		if n := all(t, m, "key"); n != 1 {
			t.Errorf("%d tokens after a tenth of a second", n)
		}
		time.Sleep(time.Hour)
		_, _, reset, _, _ = m.Take(t.Context(), "key")
		if at := time.Until(time.Unix(0, int64(reset))).Round(time.Millisecond); at != 100*time.Millisecond {
			t.Errorf("an hour later the next token comes in %v", at)
		}
	})
}

func TestAFullStoreForgetsNoDebtorAndNewcomersShareABucket(t *testing.T) {
	m, clock := withClock(t, tenPerSecond, &ratelimit.MemoryOptions{MaxKeys: 3})
	for _, debtor := range []string{"a", "b", "c"} {
		all(t, m, debtor)
	}
	newcomers := 0
	for i := range 100 {
		newcomers += all(t, m, "newcomer "+strconv.Itoa(i))
	}
	if newcomers != 10 {
		t.Errorf("100 newcomers had %d tokens, not the 10 of one bucket", newcomers)
	}
	if r, _ := m.TakeN(t.Context(), "looking", 0); r.Remaining != 0 {
		t.Errorf("a newcomer is told of %v tokens", r.Remaining)
	}
	if r, _ := m.Charge(t.Context(), "charged", 100); r.Remaining < 0 {
		t.Errorf("the shared bucket owes: %v", r.Remaining)
	}
	for _, debtor := range []string{"a", "b", "c"} {
		if taken(t, m, debtor, 1) {
			t.Errorf("%s was forgotten", debtor)
		}
	}
	if got := m.Stats(); got.Keys != 3 || got.Shared != 111 || got.Allowed != 40 {
		t.Errorf("%+v", got)
	}

	clock.advance(time.Second) // all are full again
	for i := range 3 {
		if n := all(t, m, "later "+strconv.Itoa(i)); n != 10 {
			t.Errorf("%d tokens, with three idle buckets to have", n)
		}
	}
	if got := m.Stats(); got.Keys != 3 || got.Shared != 111 {
		t.Errorf("%+v", got)
	}
	check(t, m)
}

func TestLimitsThatTheApplicationSetsCountAsKeys(t *testing.T) {
	m, clock := withClock(t, tenPerSecond, &ratelimit.MemoryOptions{MaxKeys: 2})
	if err := m.Set(t.Context(), "a", 1, time.Second); err != nil {
		t.Fatal(err)
	}
	if err := m.Burst(t.Context(), "b", 1); err != nil {
		t.Fatal(err)
	}
	if err := m.Burst(t.Context(), "c", 1); err == nil {
		t.Error("a third of two")
	}
	check(t, m)
	clock.advance(time.Second) // what b had beyond its bucket is lost, and it is full
	if err := m.Burst(t.Context(), "c", 1); err != nil {
		t.Error(err)
	}
	check(t, m)
}

func TestIdleKeysTakeNoRoom(t *testing.T) {
	m, clock := withClock(t, tenPerSecond, nil)
	for i := range 200_000 { // each is idle when a thousand more have come
		taken(t, m, strconv.Itoa(i), 1)
		clock.advance(100 * time.Microsecond)
	}
	check(t, m)
	if n := m.Slots(); n > 20_000 {
		t.Errorf("%d slots for a thousand keys that are not idle", n)
	}
}

func TestATableShrinksAfterAFlood(t *testing.T) {
	m, clock := withClock(t, tenPerSecond, nil)
	for i := range 100_000 {
		taken(t, m, strconv.Itoa(i), 1)
	}
	flood := m.Slots()
	clock.advance(time.Second)
	for i := range 200_000 {
		taken(t, m, "later "+strconv.Itoa(i), 1)
		clock.advance(100 * time.Microsecond)
	}
	check(t, m)
	if n := m.Slots(); n > flood/4 {
		t.Errorf("%d slots, and %d in the flood", n, flood)
	}
}

func TestManyAtOnce(t *testing.T) {
	m, _ := withClock(t, tenPerSecond, &ratelimit.MemoryOptions{MaxKeys: 10_000})
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 5000 {
				taken(t, m, strconv.Itoa(i*(1+g%2)), 1)
			}
			_ = m.Stats()
		})
	}
	wg.Wait()
	check(t, m)
	if got := m.Stats(); got.Allowed != 20_000 || got.Keys != 7500 {
		t.Errorf("%+v", got)
	}
}

func TestMemoryRefusesWhatCannotWork(t *testing.T) {
	if m, err := ratelimit.NewMemory(ratelimit.Limit{}, nil); m != nil || err == nil {
		t.Error("no limit")
	}
	if m, err := ratelimit.NewMemory(tenPerSecond, &ratelimit.MemoryOptions{MaxKeys: -1}); m != nil || err == nil {
		t.Error("less than no keys")
	}
}
