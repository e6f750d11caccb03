// Package sqlite keeps jobs in the SQLite file of the metadata. An importer of
// metadata/sqlite alone gets none of River.
//
//	db, err := sqlite.Open("/srv/video/streamgate.db") // metadata/sqlite
//	…
//	queue, err := jobs.New(jobsqlite.Database(db), nil)
//
// The process that opens such a Queue owns the database: what ran when the one
// before it was killed runs again as soon as it is started. Jobs are written in the
// transactions of the metadata, and share their commits: a job that is submitted,
// fetched or done while files are uploaded costs no fsync of its own.
package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivershared/riverpilot"

	"github.com/streamgate/streamgate/jobs"
	"github.com/streamgate/streamgate/jobs/internal/backend"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/sqlite"
)

// Database returns db as a place for jobs. It is valid until db is closed; one
// Queue works on it at a time.
func Database(db *sqlite.DB) jobs.Database {
	writer, readers := db.Pools()
	return &database{
		db: db, writer: writer,
		inTx:   riversqlite.New(writer),
		reader: &conn{on: readers, river: riversqlite.New(readers).GetExecutor()},
	}
}

// database implements backend.Database.
type database struct {
	db     *sqlite.DB
	writer *sql.DB
	inTx   *riversqlite.Driver
	reader *conn
}

func (d *database) Alone() bool { return true }

func (d *database) Notifies() bool { return false }

func (d *database) Reader() backend.Conn { return d.reader }

// Update is one of the metadata, whose group it joins.
func (d *database) Update(ctx context.Context, fn func(c backend.Conn) error) error {
	return d.db.Metadata().Update(ctx, func(tx metadata.Tx) error {
		c, err := d.Within(tx)
		if err != nil {
			return err
		}
		return sqlite.Error("change jobs", fn(c))
	})
}

var errForeign = errors.New("jobs: a transaction of another database than that of the jobs")

func (d *database) Within(tx metadata.Tx) (backend.Conn, error) {
	t, ok := sqlite.Transaction(tx)
	if !ok {
		return nil, errForeign
	}
	return &conn{on: t, river: whole{d.inTx.UnwrapExecutor(t)}, tx: true}, nil
}

func (d *database) Client(pilot riverpilot.Pilot, config *river.Config) (backend.Client, error) {
	return river.NewClient(&driver{
		Driver: riversqlite.New(d.writer), pilot: pilot, reads: d.reader.river,
	}, config)
}
