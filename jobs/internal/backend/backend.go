// Package backend is what package jobs needs of a database: River's own
// operations, a few statements beside them, and transactions that are also those
// of the metadata. It is implemented by jobs/sqlite and jobs/postgres.
package backend

import (
	"context"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivershared/riverpilot"

	"github.com/streamgate/streamgate/metadata"
)

// DueIndex finds the jobs whose time comes next among any number. It is made after
// each migration, since those of River rebuild its table and drop its indexes; the
// states stand in it as in River's own statement, which it serves, too.
const DueIndex = `CREATE INDEX IF NOT EXISTS jobs_due ON river_job (state, scheduled_at) WHERE ` + DueStates

// DueStates are those in which a job waits for its time.
const DueStates = `state IN ('retryable', 'scheduled')`

// Database is one database with jobs in it. Its methods may be called concurrently.
type Database interface {
	// Migrate brings the tables of River and those of package jobs up to date.
	Migrate(ctx context.Context) error

	// Alone says that no other process works on this database, so that whatever
	// ran when one opens it runs no more.
	Alone() bool

	// Update runs fn in a transaction, which may happen more than once.
	Update(ctx context.Context, fn func(c Conn) error) error

	// Within returns the connection of a transaction of the metadata; an error when
	// it is one of another database.
	Within(tx metadata.Tx) (Conn, error)

	// Reader reads beside all transactions.
	Reader() Conn

	// Client returns River's client over this database, which asks pilot.
	Client(pilot riverpilot.Pilot, config *river.Config) (Client, error)

	// Notifies says whether other processes hear of what is sent by River's NotifyMany.
	Notifies() bool
}

// Conn is a transaction, or the pool outside of one. Statements have ? for their
// arguments.
type Conn interface {
	River() riverdriver.Executor
	// Exec returns how many rows were affected.
	Exec(ctx context.Context, text string, args ...any) (int64, error)
	// Query calls scan for each row.
	Query(ctx context.Context, scan func(row Row) error, text string, args ...any) error
	// Now is the database's clock as an expression: microseconds since 1970.
	Now() string
}

// Row is one row of a result.
type Row interface{ Scan(dest ...any) error }

// Client is what is used of river.Client, whatever its transactions are.
type Client interface {
	Start(ctx context.Context) error
	// Stop returns once all jobs have ended, or ctx has.
	Stop(ctx context.Context) error
	QueuePause(ctx context.Context, name string, o *river.QueuePauseOpts) error
	QueueResume(ctx context.Context, name string, o *river.QueuePauseOpts) error
}
