package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	_ "modernc.org/sqlite" // the driver

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/metadata"
)

const driver = "sqlite"

// readers is how many reads run at once; more wait. Each has a page cache of up to 2 MiB.
const readers = 8

// DB is an open database. All methods may be called concurrently.
type DB struct {
	writer *sql.DB // one connection
	reader *sql.DB
	store  *store
}

// Open opens the database in the file path, creates it where there is none (its
// folder must be there; the file is readable by its owner only), and brings its
// schema up to date.
//
// The errors match metadata.ErrUnavailable when the file cannot be opened, is
// damaged or was written by a newer version of this package, and
// metadata.ErrFull when there is no room.
func Open(path string) (*DB, error) {
	path, err := create(path)
	if err != nil {
		return nil, err
	}
	kept := newReserve(path)
	db, err := open(context.Background(), path, kept)
	if errors.Is(err, metadata.ErrFull) && kept.giveUp() { // without it nobody could delete anything
		db, err = open(context.Background(), path, kept)
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	kept.keep()
	return db, nil
}

func open(ctx context.Context, path string, kept *reserve) (_ *DB, err error) {
	db := &DB{}
	defer func() {
		if err != nil {
			err = errors.Join(err, db.Close())
		}
	}()
	if db.writer, err = sql.Open(driver, dsn(path)); err != nil {
		return nil, failed("open", err)
	}
	db.writer.SetMaxOpenConns(1)
	if err = tables.Migrate(ctx, db.writer); err != nil {
		return nil, err
	}
	if db.reader, err = sql.Open(driver, dsn(path, "query_only(on)")); err != nil {
		return nil, failed("open", err)
	}
	db.reader.SetMaxOpenConns(readers)
	db.reader.SetMaxIdleConns(readers)
	db.store, err = newStore(ctx, db.writer, db.reader, kept)
	return db, err
}

// Metadata returns the store. It is valid until Close.
func (db *DB) Metadata() metadata.Store { return db.store }

// Close writes the log back into the database file and closes it. Call it when
// nobody uses the store any more.
func (db *DB) Close() error {
	var errs []error
	if db.reader != nil {
		errs = append(errs, db.reader.Close())
	}
	if db.writer != nil { // the last to close is the one that may write the log back
		errs = append(errs, db.writer.Close())
	}
	return failed("close", errors.Join(errs...))
}

// create makes an empty file of path where there is none, durable and closed to
// others, which SQLite would not do, and returns its absolute path. The log
// files beside it get the same permissions.
func create(path string) (string, error) {
	switch {
	case path == "" || strings.ContainsRune(path, 0):
		return "", problem.Errorf(metadata.ErrUnavailable, "sqlite: %q is no file name", path)
	case path == ":memory:":
		return "", problem.Errorf(metadata.ErrUnavailable, "sqlite: a database in memory is not possible; use a file in a temporary folder")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("sqlite: %w", err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return path, nil
	}
	if err != nil {
		return "", problem.Because(metadata.ErrUnavailable, err, "the database file cannot be created")
	}
	return path, errors.Join(f.Close(), syncDir(filepath.Dir(path)))
}

// syncDir makes a new file's name durable. Where folders cannot be synced, as
// on Windows, the file system sees to it.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	_ = d.Sync()
	return d.Close()
}
