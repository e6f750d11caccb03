package jobs

import (
	"errors"
	"time"

	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/validate"
)

// The ways in which a Queue refuses. Match them with errors.Is. What the database
// cannot do is metadata.ErrFull or metadata.ErrUnavailable.
var (
	ErrNotFound = metadata.ErrNotFound
	// ErrConflict means that the job is in a state in which that cannot be done.
	ErrConflict = metadata.ErrConflict
	// ErrInvalid also means a kind that the Queue has no handler for.
	ErrInvalid = validate.ErrInvalid
)

// Why the context of a Task ended, see context.Cause. Task.Fence and Task.Done
// return the first two.
var (
	// ErrLeaseLost means that the job runs elsewhere by now, or is about to.
	ErrLeaseLost = errors.New("jobs: the lease of the job is lost")
	ErrCancelled = errors.New("jobs: the job was cancelled")
	// ErrStopping means that the Queue is being stopped: the job runs again after
	// the next Start, and no attempt is counted.
	ErrStopping = errors.New("jobs: the queue is being stopped")
	// ErrTimeout is for KindOptions.Timeout, and counts as an attempt.
	ErrTimeout = errors.New("jobs: the job took too long")
)

// Discard returns err as one that no further attempt would mend: a handler that
// returns it has its job failed at once.
func Discard(err error) error { return &discard{err} }

type discard struct{ error }

func (d *discard) Unwrap() error { return d.error }

// Snooze returns an error that has the job of a handler which returns it run again
// after d. It is no failure, and no attempt is counted.
func Snooze(d time.Duration) error { return snooze(d) }

type snooze time.Duration

func (s snooze) Error() string { return "jobs: to be run again after " + time.Duration(s).String() }
