//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package disk

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// tryLock uses flock, which belongs to the open file: a second Store in the
// same process is refused like one in another.
func tryLock(f *os.File) error { return flock(f, unix.LOCK_EX|unix.LOCK_NB) }

// tryShare lets others share, and keeps out who wants it alone.
func tryShare(f *os.File) error { return flock(f, unix.LOCK_SH|unix.LOCK_NB) }

func letGo(f *os.File) error { return flock(f, unix.LOCK_UN) }

func flock(f *os.File, how int) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var lockErr error
	if err := raw.Control(func(fd uintptr) {
		for lockErr = unix.EINTR; errors.Is(lockErr, unix.EINTR); {
			lockErr = unix.Flock(int(fd), how)
		}
	}); err != nil {
		return err
	}
	if errors.Is(lockErr, unix.EWOULDBLOCK) {
		return errHeld
	}
	return lockErr
}
