//go:build !linux && !darwin

package ffmpeg

// freeBytes is not known here: writing finds out.
func freeBytes(string) (int64, bool) { return 0, false }
