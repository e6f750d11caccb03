//go:build !linux && !darwin && !windows

package sqlite

// freeSpace is not known here, and so there is no reserve.
func freeSpace(string) (free uint64, known bool) { return 0, false }
