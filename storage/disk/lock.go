package disk

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// ErrInUse means that another process, or another Store of this one, owns the
// data directory.
var ErrInUse = errors.New("the data directory is in use")

// errHeld is what tryLock answers when somebody else has the lock.
var errHeld = errors.New("held by another")

// acquire takes the lock file of a data directory and writes this process's id
// into it. The operating system lets go of the lock when the process ends, in
// whatever way, so the file may stay behind and means nothing by itself. take is
// tryLock or tryShare.
func acquire(root *os.Root, dir string, take func(*os.File) error) (*os.File, error) {
	f, err := root.OpenFile(lockName, os.O_RDWR|os.O_CREATE, fileMode)
	if err != nil {
		return nil, fmt.Errorf("disk: lock file of %s: %w", dir, err)
	}
	if err := take(f); err != nil {
		defer func() { _ = f.Close() }() // nothing was written
		if errors.Is(err, errHeld) {
			return nil, fmt.Errorf("disk: %s is used by %s: %w", dir, holder(f), ErrInUse)
		}
		return nil, fmt.Errorf("disk: cannot lock %s: %w", dir, err)
	}
	if err := writeHolder(f); err != nil {
		_ = f.Close() // the error that counts is err
		return nil, fmt.Errorf("disk: lock file of %s: %w", dir, err)
	}
	return f, nil
}

func writeHolder(f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

func holder(f *os.File) string {
	text, _ := io.ReadAll(io.NewSectionReader(f, 0, 32)) // an unreadable name is no reason for another error
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	switch {
	case err != nil:
		return "another process"
	case pid == os.Getpid():
		return "this process (" + strconv.Itoa(pid) + ") already"
	}
	return "process " + strconv.Itoa(pid)
}
