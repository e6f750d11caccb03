package postgres

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/internal/group"
)

// tries is how often more a transaction is run that stood in another's way: one of
// this package never does, but others may write to the same database.
const tries = 10

// store implements metadata.Store.
type store struct {
	reader

	pool       *pgxpool.Pool
	line       *group.Line[*transaction] // of those who write
	wait       time.Duration
	beginning  string // of their transactions
	channel    string // on which processes tell each other of events
	similarity string // of pg_trgm
	closed     *atomic.Bool
}

func newStore(pool *pgxpool.Pool, at place, similarity string, o *Options, closed *atomic.Bool) *store {
	s := &store{
		reader: reader{pool, o.Timeout, pool.Reset},
		pool:   pool, wait: o.Wait, beginning: at.begin(o), channel: at.channel(), similarity: similarity, closed: closed,
	}
	s.line = group.NewLine(s.begin)
	return s
}

// Update implements metadata.Store. Those of this process queue here and have one
// connection, so that they leave the others to readers, and those that wait for each
// other share a transaction, see group.Line; those of other processes queue in the
// database, by an advisory lock that is held until the commit can be seen.
func (s *store) Update(ctx context.Context, fn func(metadata.Tx) error) error {
	taken, lonely := 0, 0 // how often it was taken along, and how often it failed by itself
	for {
		committing, err := s.share(ctx, fn, taken > 0)
		switch {
		case errors.Is(err, group.ErrShared):
			taken++
			continue
		case err == nil, ctx.Err() != nil, lonely == tries:
			return err
		case again(err):
			pause(ctx, lonely)
		case lost(err) && !committing && lonely == 0: // it is undone for certain
			s.renew()
		default:
			return err
		}
		lonely++
	}
}

// pause waits a little, at random, and longer with each try.
func pause(ctx context.Context, try int) {
	select {
	case <-ctx.Done():
	case <-time.After(rand.N(time.Millisecond << try)): //nolint:gosec // nobody has to guess it
	}
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
