//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package ffmpeg

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// errHeld is a lock that another has.
var errHeld = errors.New("held by another")

// openLock opens a file and locks it until it is closed, or its process ends. With
// wait it waits for whoever has it, else the error is errHeld.
func openLock(path string, wait bool) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	how := unix.LOCK_EX
	if !wait {
		how |= unix.LOCK_NB
	}
	err = unix.EINTR
	for errors.Is(err, unix.EINTR) {
		err = unix.Flock(int(f.Fd()), how)
	}
	if err == nil {
		return f, nil
	}
	if errors.Is(err, unix.EWOULDBLOCK) {
		err = errHeld
	}
	return nil, errors.Join(err, f.Close())
}
