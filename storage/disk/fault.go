package disk

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"syscall"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/storage"
)

// fault turns an error of the file system into one of the contract. The detail
// names the key and never a path of this machine; the cause keeps it for the log.
func fault(err error, doing, key string) error {
	var errno syscall.Errno
	switch {
	case err == nil:
		return nil
	case problem.KindOf(err) != nil, errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case missing(err):
		return problem.Because(storage.ErrNotFound, err, "there is nothing by the key %q", key)
	case errors.Is(err, fs.ErrExist):
		return problem.Because(storage.ErrExists, err, "the key %q is taken", key)
	case errors.Is(err, fs.ErrClosed):
		return problem.Because(storage.ErrUnavailable, err, "the store is closed")
	case isFull(err):
		return problem.Because(storage.ErrFull, err, "there is no room left for %s %q", doing, key)
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return problem.Because(storage.ErrUnavailable, err, "too many files are open for %s %q; the limit of the process or of the system is too low", doing, key)
	case !errors.As(err, &errno):
		// os.Root's refusal to leave the directory has no number: a symbolic
		// link that somebody put there is not part of the store.
		return problem.Because(storage.ErrNotFound, err, "there is nothing by the key %q", key)
	}
	return problem.Because(storage.ErrUnavailable, err, "the disk failed at %s %q", doing, key)
}

func isFull(err error) bool {
	return slices.ContainsFunc(fullErrors, func(full error) bool { return errors.Is(err, full) })
}

// blocked is fault for making names: a file where a directory must be, or the
// other way round, means that one key is the parent of another.
func blocked(err error, doing, key string) error {
	if slices.ContainsFunc(blockedErrors, func(b error) bool { return errors.Is(err, b) }) {
		return problem.Because(storage.ErrExists, err,
			"the key %q cannot stand beside one that it begins with, or that begins with it", key)
	}
	return fault(err, doing, key)
}

// missing says that there is no file by a name: nothing at all, or a parent
// that is itself a file, or a link that leads nowhere allowed.
func missing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ELOOP)
}
