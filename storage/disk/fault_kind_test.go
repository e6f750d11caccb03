package disk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/storage"
)

func TestEachFaultHasItsKindAndNoPathInItsDetail(t *testing.T) {
	escape := escapeError(t)
	for _, c := range []struct {
		err, want error
	}{
		{syscall.ENOSPC, storage.ErrFull},
		{syscall.EDQUOT, storage.ErrFull},
		{syscall.EFBIG, storage.ErrFull},
		{syscall.EROFS, storage.ErrUnavailable},
		{syscall.EIO, storage.ErrUnavailable},
		{syscall.EMFILE, storage.ErrUnavailable},
		{syscall.EACCES, storage.ErrUnavailable},
		{syscall.ELOOP, storage.ErrNotFound},
		{syscall.ENOENT, storage.ErrNotFound},
		{syscall.ENOTDIR, storage.ErrNotFound},
		{syscall.EEXIST, storage.ErrExists},
		{fs.ErrClosed, storage.ErrUnavailable},
		{escape, storage.ErrNotFound},
		{context.Canceled, context.Canceled},
		{storage.ErrChanged, storage.ErrChanged},
	} {
		err := fault(fmt.Errorf("open /srv/video/blobs/x: %w", c.err), "opening", "x")
		if !errors.Is(err, c.want) {
			t.Errorf("%v becomes %v, want %v", c.err, err, c.want)
		}
		if p, ok := errors.AsType[*problem.Error](err); ok && strings.Contains(p.Detail, "srv") {
			t.Errorf("%v: the detail %q names a path", c.err, p.Detail)
		}
	}
	for _, err := range []error{syscall.EMFILE, syscall.ENFILE} {
		if p, ok := errors.AsType[*problem.Error](fault(err, "opening", "x")); !ok || !strings.Contains(p.Detail, "too many files are open") {
			t.Errorf("%v blames the disk: %v", err, p)
		}
	}
	if fault(nil, "opening", "x") != nil {
		t.Error("nil is an error")
	}
}

// escapeError is what os.Root says to a link that leads out.
func escapeError(t *testing.T) error {
	t.Helper()
	dir := t.TempDir()
	if err := os.Symlink(os.TempDir(), filepath.Join(dir, "out")); err != nil {
		t.Skipf("symbolic links cannot be made here (%v); on Windows, turn on developer mode", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	_, err = root.Open("out")
	return errors.Unwrap(err)
}
