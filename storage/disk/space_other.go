//go:build !linux && !darwin && !windows

package disk

import "math"

// freeSpace is not known here: writing finds out.
func freeSpace(string) (uint64, error) { return math.MaxInt64, nil }
