package ratelimit_test

import (
	"context"
	"math/rand/v2"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/sethvargo/go-limiter"
	"github.com/sethvargo/go-limiter/memorystore"

	"github.com/streamgate/streamgate/ratelimit"
)

// hourly refuses nobody here, and makes no key idle.
var hourly = ratelimit.Limit{Burst: ratelimit.MaxBurst, Rate: 1}

func ours(tb testing.TB) limiter.Store {
	tb.Helper()
	s, err := ratelimit.NewMemory(hourly, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return closed(tb, s)
}

func theirs(tb testing.TB) limiter.Store {
	tb.Helper()
	s, err := memorystore.New(&memorystore.Config{Tokens: ratelimit.MaxBurst, Interval: time.Hour})
	if err != nil {
		tb.Fatal(err)
	}
	return closed(tb, s)
}

func closed(tb testing.TB, s limiter.Store) limiter.Store {
	tb.Cleanup(func() { _ = s.Close(context.Background()) })
	return s
}

func taking(tb testing.TB, s limiter.Store, keys []string) func(i int) {
	ctx := tb.Context()
	return func(i int) {
		if _, _, _, ok, err := s.Take(ctx, keys[i%len(keys)]); !ok || err != nil {
			tb.Fatal("refused")
		}
	}
}

func BenchmarkStoreOfOneKey(b *testing.B) {
	keys := []string{"192.0.2.1"}
	a, z := taking(b, ours(b), keys), taking(b, theirs(b), keys)
	for b.Loop() {
		r, nanos := ratio(b, 1_000_000, a, z)
		b.ReportMetric(r, "CPU/memorystore")
		b.ReportMetric(nanos, "ns/Take")
	}
}

// million are addresses in no order.
func million() []string {
	keys := make([]string, 1_000_000)
	for i := range keys {
		keys[i] = "2001:db8:" + strconv.FormatInt(int64(i>>16), 16) + ":" + strconv.FormatInt(int64(i&0xffff), 16)
	}
	rand.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	return keys
}

func BenchmarkStoreOfAMillionKeys(b *testing.B) {
	keys := million()
	a, z := taking(b, ours(b), keys), taking(b, theirs(b), keys)
	for i := range keys {
		a(i)
		z(i)
	}
	rand.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	for b.Loop() {
		r, nanos := ratio(b, 1_000_000, a, z)
		b.ReportMetric(r, "CPU/memorystore")
		b.ReportMetric(nanos, "ns/Take")
	}
}

func BenchmarkStoreOfNewKeys(b *testing.B) {
	keys := million()[:200_000]
	var a, z func(i int)
	for b.Loop() {
		first := func(take *func(int), open func(testing.TB) limiter.Store) func(int) {
			return func(i int) {
				if i == 0 {
					*take = taking(b, open(b), keys)
				}
				(*take)(i)
			}
		}
		r, nanos := ratio(b, len(keys), first(&a, ours), first(&z, theirs))
		b.ReportMetric(r, "CPU/memorystore")
		b.ReportMetric(nanos, "ns/Take")
	}
}

// TestABucketTakesAFractionOfTheMemory asserts bytes, which are the same on
// every machine.
func TestABucketTakesAFractionOfTheMemory(t *testing.T) {
	keys := million()
	perKey := func(open func(testing.TB) limiter.Store) float64 {
		before := heap()
		s := open(t)
		take := taking(t, s, keys)
		for i := range keys {
			take(i)
		}
		n := float64(heap()-before) / float64(len(keys))
		runtime.KeepAlive(s)
		return n
	}
	a, z := perKey(ours), perKey(theirs)
	t.Logf("a million keys: %.1f bytes a key, memorystore %.1f", a, z)
	if a > 32 || a > z/2 {
		t.Errorf("a bucket takes %.1f bytes, those of memorystore %.1f", a, z)
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
