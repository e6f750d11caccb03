package cache_test

import (
	"math"
	"math/rand/v2"
	"sort"
)

// accesses is how many keys a trace has.
const accesses = 400_000

// traces are the sequences of keys by which hit ratios are compared. All are
// made here, from a seed: none is a recording.
var traces = map[string]func(r *rand.Rand, size int) []uint64{
	"zipf 0.8":  func(r *rand.Rand, size int) []uint64 { return fill(zipf(r, 50*size, 0.8)) },
	"zipf 1.0":  func(r *rand.Rand, size int) []uint64 { return fill(zipf(r, 50*size, 1)) },
	"scan":      scan,
	"shift":     shift,
	"loop 1.25": func(_ *rand.Rand, size int) []uint64 { return loop(size * 5 / 4) },
	"loop 2":    func(_ *rand.Rand, size int) []uint64 { return loop(size * 2) },
	"viewers":   viewers,
}

func fill(next func() uint64) []uint64 {
	keys := make([]uint64, accesses)
	for i := range keys {
		keys[i] = next()
	}
	return keys
}

// zipf draws from n keys of which the i-th is drawn i^s times more seldom than
// the first.
func zipf(r *rand.Rand, n int, s float64) func() uint64 {
	sums := make([]float64, n)
	sum := 0.0
	for i := range sums {
		sum += 1 / math.Pow(float64(i+1), s)
		sums[i] = sum
	}
	return func() uint64 { return uint64(sort.SearchFloat64s(sums, r.Float64()*sum)) }
}

// scan is zipf, interrupted by runs of keys that come once: somebody lists
// everything. A quarter of the accesses are such.
func scan(r *rand.Rand, size int) []uint64 {
	popular := zipf(r, 10*size, 0.9)
	fresh, i := uint64(1)<<40, 0
	return fill(func() uint64 {
		i++
		if i%(4*size) < 3*size {
			return popular()
		}
		fresh++
		return fresh
	})
}

// shift is zipf over keys that change: after each eighth, others are popular by
// a quarter of the size.
func shift(r *rand.Rand, size int) []uint64 {
	popular := zipf(r, 10*size, 0.9)
	i := 0
	return fill(func() uint64 {
		i++
		return popular() + uint64(i/(accesses/8)*size/4)
	})
}

func loop(n int) []uint64 {
	i := -1
	return fill(func() uint64 {
		i++
		return uint64(i % n)
	})
}
