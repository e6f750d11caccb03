package metrics

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// DurationBuckets are the default buckets of durations, in seconds: from an
// answer out of memory to an upload that takes minutes.
func DurationBuckets() []float64 {
	return []float64{0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300}
}

// SizeBuckets are the default buckets of sizes, in bytes: the powers of 4 from
// 1 KiB to 16 GiB.
func SizeBuckets() []float64 {
	var all []float64
	for size := float64(1 << 10); size <= 16<<30; size *= 4 {
		all = append(all, size)
	}
	return all
}

// maxBuckets bounds the lines of one histogram.
const maxBuckets = 100

// bucketsOf refuses buckets that do not rise, and knows the default.
func bucketsOf(name string, buckets []float64) ([]float64, error) {
	switch {
	case len(buckets) > maxBuckets:
		return nil, fmt.Errorf("metrics: the histogram %q has %d buckets; %d are the most", name, len(buckets), maxBuckets)
	case len(buckets) > 0:
		for i, b := range buckets {
			if math.IsNaN(b) || math.IsInf(b, 0) || i > 0 && b <= buckets[i-1] {
				return nil, fmt.Errorf("metrics: the histogram %q: its buckets do not rise, or one is no number: %v", name, buckets)
			}
		}
		return slices.Clone(buckets), nil
	case strings.HasSuffix(name, "_seconds"):
		return DurationBuckets(), nil
	case strings.HasSuffix(name, "_bytes"):
		return SizeBuckets(), nil
	}
	return nil, fmt.Errorf("metrics: the histogram %q has no buckets, and its name ends neither with _seconds nor with _bytes, which have defaults", name)
}
