package audit

import (
	"errors"
	"net/http"

	"github.com/streamgate/streamgate/internal/problem"
)

// ErrUnavailable means that an event could not be written, and that what it tells
// of must not happen: the answer is a 503. The event may be in the log all the same.
var ErrUnavailable error = problem.NewKind(http.StatusServiceUnavailable, "audit-unavailable", "The audit log cannot be written")

// ErrInUse means that another process, or another File of this one, writes to
// the directory.
var ErrInUse = errors.New("the audit log is in use")

// errBehind means that a file has more to write than it may keep in memory.
var errBehind = errors.New("the disk is behind")

// errClosed is what a closed Log and a closed File answer.
var errClosed = errors.New("the audit log is closed")
