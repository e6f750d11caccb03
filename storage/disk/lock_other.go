//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package disk

import (
	"errors"
	"os"
)

// tryLock refuses: two owners of one directory would destroy each other's work.
func tryLock(*os.File) error { return errLocks }

func tryShare(*os.File) error { return errLocks }

func letGo(*os.File) error { return errLocks }

var errLocks = errors.New("file locks are not supported on this operating system")
