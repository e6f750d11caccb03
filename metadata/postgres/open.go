package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/metadata"
)

const (
	defaultTimeout = 30 * time.Second
	defaultWait    = 30 * time.Second
	// goneAfter is how long the server has to end a statement that nobody waits for
	// any more, until its connection is given up.
	goneAfter = 5 * time.Second
)

// Options are the options of Open; nil means the defaults.
type Options struct {
	// Timeout is how long one statement may take before the server counts as not
	// available, and how long an Update may do nothing between two statements before
	// the server undoes it, so that a process that hangs does not keep all others
	// from writing. A server that is silent altogether is given 5 s more.
	// Default: 30 s.
	Timeout time.Duration
	// Wait is how long an Update waits for those of other processes at most.
	// Default: 30 s.
	Wait time.Duration
	// Configure changes how connections are made, after the connection string was
	// read: passwords that change (BeforeConnect), TLS, a tracer. Default: nothing
	// is changed.
	Configure func(c *pgxpool.Config)
}

// DB is an open database. All methods may be called concurrently.
type DB struct {
	pool   *pgxpool.Pool
	store  *store
	closed *atomic.Bool
}

// Open connects to the database that dsn names, and brings its schema up to date.
// dsn is a connection string of libpq, as a URL or as words and values; what it
// leaves out comes from the environment (PGHOST and so on). pool_max_conns in it is
// how many connections there are at most, two or more; by default as many as CPUs,
// and four at least. The tables lie in the first schema of the search_path.
//
// The end of ctx ends the opening, not the database.
//
// The errors match metadata.ErrUnavailable when the server does not answer or
// refuses, when the database is not one of UTF-8, or was written by a newer version
// of this package; metadata.ErrFull when there is no room; and metadata.ErrInvalid
// when dsn cannot be read.
func Open(ctx context.Context, dsn string, o *Options) (*DB, error) {
	var set Options
	if o != nil {
		set = *o
	}
	setDefault(&set.Timeout, defaultTimeout)
	setDefault(&set.Wait, defaultWait)
	config, err := configure(dsn, &set)
	if err != nil {
		return nil, err
	}
	pool, err := pgxpool.NewWithConfig(context.WithoutCancel(ctx), config)
	if err != nil {
		return nil, failed(ctx, "open", err)
	}
	db := &DB{pool: pool, closed: &atomic.Bool{}}
	db.store, err = open(ctx, pool, &set, db.closed)
	if err != nil {
		pool.Close()
		return nil, fmt.Errorf("open the database: %w", err)
	}
	return db, nil
}

func setDefault(d *time.Duration, value time.Duration) {
	if *d <= 0 {
		*d = value
	}
}

func configure(dsn string, o *Options) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil { // which hides the password
		return nil, problem.Because(metadata.ErrInvalid, err, "the connection string of the database cannot be read")
	}
	// The server is asked to end what nobody waits for, and the connection stays.
	config.ConnConfig.BuildContextWatcherHandler = func(c *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: c, DeadlineDelay: goneAfter}
	}
	if config.ConnConfig.RuntimeParams["application_name"] == "" {
		config.ConnConfig.RuntimeParams["application_name"] = "streamgate"
	}
	config.PingTimeout = goneAfter
	if o.Configure != nil {
		o.Configure(config)
	}
	if config.MaxConns < 2 {
		return nil, problem.Errorf(metadata.ErrInvalid, "a database needs two connections at least, since readers wait for no writer; pool_max_conns is %d", config.MaxConns)
	}
	return config, nil
}

func open(ctx context.Context, pool *pgxpool.Pool, o *Options, closed *atomic.Bool) (*store, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, o.Timeout+o.Wait, errSlow)
	defer cancel()
	place, err := placeOf(ctx, pool)
	if err != nil {
		return nil, err
	}
	if err := migrate(ctx, pool, place); err != nil {
		return nil, err
	}
	var schema string
	err = pool.QueryRow(ctx, `SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
		WHERE e.extname = 'pg_trgm'`).Scan(&schema)
	if err != nil {
		return nil, failed(ctx, "look for pg_trgm", err)
	}
	return newStore(pool, place, pgx.Identifier{schema, "similarity"}.Sanitize(), o, closed), nil
}

// Metadata returns the store. It is valid until Close.
func (db *DB) Metadata() metadata.Store { return db.store }

// Pool returns the connections, for what else lies in the same database. It is
// valid until Close, and not to be closed.
func (db *DB) Pool() *pgxpool.Pool { return db.pool }

// Close closes all connections, and waits for those that are in use. Call it when
// nobody uses the store any more.
func (db *DB) Close() error {
	if db == nil {
		return errors.New("postgres: there is no database to close")
	}
	db.closed.Store(true)
	db.pool.Close()
	return nil
}
