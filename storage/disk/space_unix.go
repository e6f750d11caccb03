//go:build linux || darwin

package disk

import (
	"path/filepath"
	"syscall"
)

// freeSpace is how many bytes are free for us where path lies.
func freeSpace(path string) (uint64, error) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(filepath.Dir(path), &fs); err != nil {
		return 0, err
	}
	return fs.Bavail * uint64(fs.Bsize), nil
}
