//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package ffmpeg

import (
	"errors"
	"os"
)

var errHeld = errors.New("held by another")

// openLock locks nothing here. Who finds that another process was there takes it
// for alive, so that what a crash leaves has to be removed by hand.
func openLock(path string, wait bool) (*os.File, error) {
	if !wait {
		if _, err := os.Stat(path); err == nil {
			return nil, errHeld
		}
	}
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
}
