//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package ffmpeg

import "io/fs"

// private says nothing here: temporary files are in a folder of the user's.
func private(fs.FileInfo) bool { return true }
