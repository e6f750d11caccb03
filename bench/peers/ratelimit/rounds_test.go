package ratelimit_test

import (
	"slices"
	"syscall"
	"testing"
	"time"
)

// rounds is how often each pair is taken.
const rounds = 7

// ratio is the median of ours to theirs: the CPU time of n calls each, one
// first and the other first by turns.
func ratio(b *testing.B, n int, ours, theirs func(i int)) (median, nanos float64) {
	b.Helper()
	var ratios, each []float64
	for round := range rounds {
		var a, z float64
		if round%2 == 0 {
			a, z = cpu(b, n, ours), cpu(b, n, theirs)
		} else {
			z, a = cpu(b, n, theirs), cpu(b, n, ours)
		}
		ratios, each = append(ratios, a/z), append(each, a/float64(n))
	}
	slices.Sort(ratios)
	slices.Sort(each)
	return ratios[rounds/2], each[rounds/2]
}

// cpu is what n calls take of the processors, in nanoseconds.
func cpu(b *testing.B, n int, call func(i int)) float64 {
	b.Helper()
	before := used(b)
	for i := range n {
		call(i)
	}
	return float64(used(b) - before)
}

func used(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
