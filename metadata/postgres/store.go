package postgres

import (
	"context"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/metadata"
)

// tries is how often a transaction is run that stood in another's way: one of this
// package never does, but others may write to the same database.
const tries = 10

// store implements metadata.Store.
type store struct {
	reader

	pool       *pgxpool.Pool
	turn       chan struct{} // full while an Update of this process runs
	begin      string
	similarity string // of pg_trgm
	closed     *atomic.Bool
}

func newStore(pool *pgxpool.Pool, at place, similarity string, o *Options, closed *atomic.Bool) *store {
	return &store{
		reader: reader{pool, o.Timeout, pool.Reset},
		pool:   pool, turn: make(chan struct{}, 1), begin: at.begin(o), similarity: similarity, closed: closed,
	}
}

// Update implements metadata.Store. Those of this process queue here, with one
// connection for whoever has the turn, so that they leave the others to readers; and
// with those of other processes in the database, by an advisory lock that is held
// until the commit can be seen.
func (s *store) Update(ctx context.Context, fn func(metadata.Tx) error) error {
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return failed(ctx, "wait for other writers", ctx.Err())
	}
	defer func() { <-s.turn }()
	for try := 1; ; try++ {
		committing, err := s.update(ctx, fn)
		switch {
		case err == nil, ctx.Err() != nil, try == tries:
			return err
		case again(err):
			pause(ctx, try)
		case lost(err) && !committing && try == 1: // it is undone for certain
			s.renew()
		default:
			return err
		}
	}
}

// pause waits a little, at random, and longer with each try.
func pause(ctx context.Context, try int) {
	select {
	case <-ctx.Done():
	case <-time.After(rand.N(time.Millisecond << try)): //nolint:gosec // nobody has to guess it
	}
}

// update says whether it came as far as the commit, of which nobody knows what
// became where the connection is lost.
func (s *store) update(ctx context.Context, fn func(metadata.Tx) error) (committing bool, err error) {
	if ctx.Err() != nil {
		return false, failed(ctx, "begin", ctx.Err())
	}
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return false, failed(ctx, "begin", err)
	}
	defer conn.Release() // which closes it unless the transaction has ended
	pg, err := conn.BeginTx(ctx, pgx.TxOptions{BeginQuery: s.begin})
	if err != nil {
		return false, failed(ctx, "begin", err)
	}
	defer func() {
		ending, cancel := s.ending(ctx)
		defer cancel()
		_ = pg.Rollback(ending) // after a commit it does nothing; where it fails the connection is dropped
	}()
	t := &tx{reader: reader{on: pg, timeout: s.timeout}, pg: pg}
	if err := fn(t); err != nil {
		return false, err
	}
	if ctx.Err() != nil {
		return false, failed(ctx, "update", context.Cause(ctx))
	}
	ending, cancel := s.ending(ctx)
	defer cancel()
	return true, failed(ending, "commit", timely(ending, pg.Commit(ending)))
}

// ending is a context in which a transaction ends, whether anybody waits for it or not.
func (s *store) ending(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(context.WithoutCancel(ctx), s.timeout, errSlow)
}

// exec runs a statement that is a transaction of its own.
func (s *store) exec(ctx context.Context, doing, text string, args ...any) (int64, error) {
	timed, cancel := context.WithTimeoutCause(ctx, s.timeout, errSlow)
	defer cancel()
	tag, err := s.pool.Exec(timed, text, args...)
	return tag.RowsAffected(), failed(ctx, doing, timely(timed, err))
}

// Ping implements metadata.Store.
func (s *store) Ping(ctx context.Context) error {
	if s.closed.Load() {
		return problem.Errorf(metadata.ErrUnavailable, "the database is closed")
	}
	_, err := rows(ctx, s.reader, "ping", `SELECT 1 FROM assets LIMIT 1`, pgx.RowTo[int])
	return err
}

// Events implements metadata.Store.
func (s *store) Events() events.Log { return outbox{s} }
