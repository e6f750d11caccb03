//go:build !linux

package ffmpeg

// addressSpace is not known here.
func addressSpace(int) int64 { return 0 }
