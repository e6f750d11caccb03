//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package ffmpeg

import (
	"io/fs"
	"os"
	"syscall"
)

// private says that a file is this user's, and that nobody else may do anything to it.
func private(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == os.Getuid() && info.Mode().Perm()&0o077 == 0
}
