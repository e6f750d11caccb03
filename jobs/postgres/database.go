// Package postgres keeps jobs in the PostgreSQL database of the metadata, for
// several processes at once. An importer of metadata/postgres alone gets none of
// River.
//
//	db, err := postgres.Open(ctx, "postgres://video@db.internal/video", nil) // metadata/postgres
//	…
//	queue, err := jobs.New(jobpostgres.Database(db), nil)
//
// Jobs that go with a change of metadata, and results that are published with the
// end of their job, are written in the transactions of the metadata, which come one
// after another. All else of jobs has transactions of its own, which wait for none
// of those.
//
// A Queue that runs jobs has one connection beside the pool to hear of new ones
// (LISTEN). Where a pooler gives connections to single transactions, it hears
// nothing, and looks every 5 seconds.
package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"github.com/streamgate/streamgate/jobs"
	"github.com/streamgate/streamgate/jobs/internal/backend"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/postgres"
)

// Database returns db as a place for jobs. It is valid until db is closed. Any
// number of Queues, here and in other processes, work on one database.
func Database(db *postgres.DB) jobs.Database {
	pool := db.Pool()
	d := riverpgxv5.New(pool)
	return &database{pool: pool, river: d, reader: &conn{on: pool, river: d.GetExecutor()}}
}

// database implements backend.Database.
type database struct {
	pool   *pgxpool.Pool
	river  *riverpgxv5.Driver
	reader *conn
}

func (d *database) Alone() bool { return false }

func (d *database) Notifies() bool { return true }

func (d *database) Reader() backend.Conn { return d.reader }

const (
	// tries is how often a transaction is run that others were in the way of.
	tries = 5
	// timeout is how long one may take.
	timeout = 30 * time.Second
)

// Update has a transaction of its own: none of the metadata, which would queue with
// those of all processes.
func (d *database) Update(ctx context.Context, fn func(c backend.Conn) error) (err error) {
	timed, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	for range tries {
		err = pgx.BeginFunc(timed, d.pool, func(tx pgx.Tx) error { return fn(d.within(tx)) })
		if !postgres.Again(err) {
			break
		}
	}
	return postgres.Error(ctx, "change jobs", err)
}

var errForeign = errors.New("jobs: a transaction of another database than that of the jobs")

func (d *database) Within(tx metadata.Tx) (backend.Conn, error) {
	t, ok := postgres.Transaction(tx)
	if !ok {
		return nil, errForeign
	}
	return d.within(t), nil
}

func (d *database) within(tx pgx.Tx) *conn { return &conn{on: tx, river: d.river.UnwrapExecutor(tx)} }
