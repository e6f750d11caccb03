package cache_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/streamgate/streamgate/cache"
)

const getSize = 10_000

func getKeys() []string {
	keys := make([]string, getSize)
	for i := range keys {
		keys[i] = "asset/" + strconv.Itoa(i*7919)
	}
	return keys
}

// getters read one key each. All of them are there.
var getters = map[string]func(tb testing.TB, keys []string, ttl time.Duration) func(key string) bool{
	"cache": func(tb testing.TB, keys []string, ttl time.Duration) func(string) bool {
		c, err := cache.New(&cache.Options[string, int]{MaxEntries: getSize, TTL: ttl})
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(func() { _ = c.Close() })
		for i, key := range keys {
			c.Set(key, i)
		}
		return func(key string) bool { _, ok := c.Get(key); return ok }
	},
	"otter": func(_ testing.TB, keys []string, ttl time.Duration) func(string) bool {
		o := &otter.Options[string, int]{MaximumSize: getSize}
		if ttl > 0 {
			o.ExpiryCalculator = otter.ExpiryWriting[string, int](ttl)
		}
		c := otter.Must(o)
		for i, key := range keys {
			c.Set(key, i)
		}
		return func(key string) bool { _, ok := c.GetIfPresent(key); return ok }
	},
	"ristretto": func(tb testing.TB, keys []string, ttl time.Duration) func(string) bool {
		c := documented[string, int](tb, getSize)
		tb.Cleanup(c.Close)
		for i, key := range keys {
			c.SetWithTTL(key, i, 1, ttl)
		}
		c.Wait()
		return func(key string) bool { _, ok := c.Get(key); return ok }
	},
}

// TestGetAllocatesNothing counts a read with and without a TTL, by a string that
// is there and by one that is put together for it.
func TestGetAllocatesNothing(t *testing.T) {
	keys := getKeys()
	for _, ttl := range []time.Duration{0, time.Hour} {
		get := getters["cache"](t, keys, ttl)
		i := 0
		if n := testing.AllocsPerRun(100_000, func() {
			i++
			get(keys[i%len(keys)])
		}); n > 0 {
			t.Errorf("with a TTL of %v, a Get makes %v allocations", ttl, n)
		}
	}
}

// BenchmarkGet reports how long a read takes as a multiple of otter's, each in
// the same run: alone, and by as many goroutines as there are processors.
func BenchmarkGet(b *testing.B) {
	keys := getKeys()
	for _, ttl := range []time.Duration{0, time.Hour} {
		name := "without TTL"
		if ttl > 0 {
			name = "with TTL"
		}
		for _, rival := range []string{"otter", "ristretto"} {
			b.Run(name+", alone, beside "+rival, func(b *testing.B) { compare(b, keys, ttl, rival, alone) })
			b.Run(name+", parallel, beside "+rival, func(b *testing.B) { compare(b, keys, ttl, rival, parallel) })
		}
	}
}

// compare reads in turns of the same length, so that noise meets both.
func compare(b *testing.B, keys []string, ttl time.Duration, rival string, read func(keys []string, get func(string) bool)) {
	us, them := getters["cache"](b, keys, ttl), getters[rival](b, keys, ttl)
	for range 20 { // past what is done for new entries alone
		read(keys, us)
		read(keys, them)
	}
	var ours, theirs time.Duration
	for b.Loop() {
		begin := time.Now()
		read(keys, us)
		middle := time.Now()
		read(keys, them)
		ours, theirs = ours+middle.Sub(begin), theirs+time.Since(middle)
	}
	b.ReportMetric(float64(ours)/float64(theirs), "times_"+rival)
	b.ReportMetric(float64(ours.Nanoseconds())/float64(b.N*len(keys)), "ns/get")
	b.ReportMetric(0, "ns/op")
}

func alone(keys []string, get func(string) bool) {
	for _, key := range keys {
		get(key)
	}
}

func parallel(keys []string, get func(string) bool) {
	done := make(chan struct{})
	half := len(keys) / 2
	go func() {
		alone(keys[:half], get)
		close(done)
	}()
	alone(keys[half:], get)
	<-done
}
