package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/metadata"
)

// failed wraps an error of the database with what was being done. What an
// operator can mend gets its kind; the rest is a fault of this package.
func failed(doing string, err error) error {
	if err == nil {
		return nil
	}
	cause := fmt.Errorf("sqlite: %s: %w", doing, err)
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || problem.KindOf(err) != nil {
		return cause
	}
	if full(err) {
		return problem.Because(metadata.ErrFull, cause, "there is no room left for the database")
	}
	switch code(err) {
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH:
		return problem.Because(metadata.ErrUnavailable, cause, "the database cannot be written to")
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return problem.Because(metadata.ErrUnavailable, cause, "the database is damaged")
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return problem.Because(metadata.ErrUnavailable, cause, "another process keeps the database locked")
	case sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_NOLFS:
		return problem.Because(metadata.ErrUnavailable, cause, "the database cannot be read or written now")
	}
	if errors.Is(err, sql.ErrConnDone) || err.Error() == "sql: database is closed" { // which is not exported
		return problem.Because(metadata.ErrUnavailable, cause, "the database is closed")
	}
	return cause
}

// full says whether err is of a full disk. That the index of the log cannot grow
// is an I/O error to SQLite.
func full(err error) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && (e.Code()&0xff == sqlite3.SQLITE_FULL || e.Code() == sqlite3.SQLITE_IOERR_SHMSIZE)
}

// code returns the primary result code of SQLite in err, 0 when there is none.
func code(err error) int {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() & 0xff
	}
	return 0
}
