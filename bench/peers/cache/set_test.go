package cache_test

import (
	"testing"
	"time"

	"github.com/maypok86/otter/v2"
)

// setters set one key, of a cache that is full.
var setters = map[string]func(tb testing.TB) func(key int){
	"cache": func(tb testing.TB) func(int) {
		c := ours[int, int](tb, getSize)
		tb.Cleanup(func() { _ = c.Close() })
		return func(key int) { c.Set(key, key) }
	},
	"otter": func(testing.TB) func(int) {
		c := otter.Must(&otter.Options[int, int]{MaximumSize: getSize})
		return func(key int) { c.Set(key, key) }
	},
	"ristretto": func(tb testing.TB) func(int) {
		c := documented[int, int](tb, getSize)
		tb.Cleanup(c.Close)
		return func(key int) { c.Set(key, key, 1); c.Wait() }
	},
}

// BenchmarkSet reports how long it takes to set a key that was never seen, as a
// multiple of what others take: of ristretto when it is waited for, so that
// nothing is dropped.
func BenchmarkSet(b *testing.B) {
	for _, rival := range []string{"otter", "ristretto"} {
		b.Run("beside "+rival, func(b *testing.B) {
			const turn = 1000
			us, them, key := setters["cache"](b), setters[rival](b), 0
			for ; key < 3*getSize; key++ {
				us(key)
				them(key)
			}
			var ours, theirs time.Duration
			for b.Loop() {
				begin := time.Now()
				for i := range turn {
					us(key + i)
				}
				middle := time.Now()
				for i := range turn {
					them(key + i)
				}
				ours, theirs = ours+middle.Sub(begin), theirs+time.Since(middle)
				key += turn
			}
			b.ReportMetric(float64(ours)/float64(theirs), "times_"+rival)
			b.ReportMetric(float64(ours.Nanoseconds())/float64(b.N*turn), "ns/set")
			b.ReportMetric(0, "ns/op")
		})
	}
}
