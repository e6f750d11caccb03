//go:build linux || darwin

package sqlite

import (
	"path/filepath"
	"syscall"
)

// freeSpace is how many bytes are free for us where path lies.
func freeSpace(path string) (free uint64, known bool) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(filepath.Dir(path), &fs); err != nil {
		return 0, false
	}
	return fs.Bavail * uint64(fs.Bsize), true
}
