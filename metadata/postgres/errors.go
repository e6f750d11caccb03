package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/metadata"
)

// errSlow is the cause of a context that ends because of Options.Timeout.
var errSlow = errors.New("the server did not answer in time")

// Codes of errors (PostgreSQL, Appendix A), and classes of them.
const (
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
	invalidPassword      = "28"
	connectionException  = "08"
	noSuchDatabase       = "3D000"
	readOnly             = "25006"
	idleTooLong          = "25P03"
	noPrivilege          = "42501"
	noResources          = "53"
	diskFull             = "53100"
	tooLarge             = "54"
	lockTimeout          = "55P03"
	canceled             = "57014"
	intervention         = "57"
	systemError          = "58"
	internalError        = "XX"
)

// failed wraps an error of the database with what was being done. What an operator
// can mend gets its kind; the rest is a fault of this package. ctx is the caller's:
// an error after its end is that end.
func failed(ctx context.Context, doing string, err error) error {
	if err == nil {
		return nil
	}
	cause := fmt.Errorf("postgres: %s: %w", doing, err)
	switch {
	case problem.KindOf(err) != nil:
		return cause
	case ctx.Err() != nil && !errors.Is(context.Cause(ctx), errSlow):
		return fmt.Errorf("%w: %w", context.Cause(ctx), cause)
	}
	switch c := code(err); {
	case errors.Is(err, errSlow), c == canceled:
		return problem.Because(metadata.ErrUnavailable, cause, "the database takes too long to answer")
	case c == diskFull:
		return problem.Because(metadata.ErrFull, cause, "there is no room left for the database")
	case c == lockTimeout:
		return problem.Because(metadata.ErrUnavailable, cause, "another process keeps the database locked")
	case c == serializationFailure, c == deadlockDetected:
		return problem.Because(metadata.ErrUnavailable, cause, "too much is changed at the same time")
	case c == readOnly:
		return problem.Because(metadata.ErrUnavailable, cause, "the database cannot be written to")
	case c == noPrivilege, c == noSuchDatabase, class(c) == invalidPassword:
		return problem.Because(metadata.ErrUnavailable, cause, "the database refuses this program")
	case class(c) == internalError:
		return problem.Because(metadata.ErrUnavailable, cause, "the database is damaged")
	case class(c) == tooLarge:
		return problem.Because(metadata.ErrInvalid, cause, "the database cannot hold this much in one place")
	case lost(err), class(c) == noResources, class(c) == systemError:
		return problem.Because(metadata.ErrUnavailable, cause, "the database does not answer")
	}
	return cause
}

// code returns the code of the server's error in err, "" where there is none.
func code(err error) string {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code
	}
	return ""
}

func class(code string) string { return code[:min(2, len(code))] }

// lost says whether err is of a connection, or of a server that ends them: whatever
// was not committed is undone.
func lost(err error) bool {
	switch c := code(err); {
	case c == canceled, errors.Is(err, errSlow): // by a limit of time: it would not be quicker the next time
		return false
	case c == idleTooLong, class(c) == connectionException, class(c) == intervention:
		return true
	case c != "":
		return false
	}
	_, network := errors.AsType[net.Error](err)
	_, connecting := errors.AsType[*pgconn.ConnectError](err)
	return network || connecting || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, pgconn.ErrConnClosed) || pgconn.SafeToRetry(err) || isClosed(err)
}

// isClosed says whether err is of a pool that was closed. Its sentinel is that of a
// module which is not ours to import.
func isClosed(err error) bool {
	for ; err != nil; err = errors.Unwrap(err) {
		if err.Error() == "closed pool" {
			return true
		}
	}
	return false
}

// again says whether a transaction that failed by err would not have, had the
// others been elsewhere.
func again(err error) bool {
	c := code(err)
	return c == serializationFailure || c == deadlockDetected
}
