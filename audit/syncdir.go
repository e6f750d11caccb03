//go:build !windows

package audit

import (
	"errors"
	"os"
	"syscall"
)

// syncDir makes the names in a directory durable. Some network and user-space
// file systems cannot and say so: nothing more could be done there.
func syncDir(dir *os.File) error {
	err := dir.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		return nil
	}
	return err
}
