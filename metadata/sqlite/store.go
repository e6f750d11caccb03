package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"sync"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/internal/group"
)

// store implements metadata.Store. Its statements go with the pools that they
// were prepared on.
type store struct {
	reader
	line     *group.Line[transaction] // of those who write
	writer   *sql.DB
	pool     *sql.DB    // of readers
	reads    statements // on pool
	writes   statements // on writer
	searches sync.Map   // text of a search to its *sql.Stmt, prepared on pool when first needed
	reserve  *reserve
}

func newStore(ctx context.Context, writer, pool *sql.DB, kept *reserve) (*store, error) {
	writes, err := prepare(ctx, writer, writeStatements)
	if err != nil {
		return nil, err
	}
	reads, err := prepare(ctx, pool, readStatements)
	if err != nil {
		return nil, err
	}
	s := &store{writer: writer, pool: pool, reads: reads, writes: writes, reserve: kept}
	s.line = group.NewLine(s.begin)
	s.reader = reader{
		stmt: func(_ context.Context, text string) *sql.Stmt { return s.reads[text] },
		live: func(ctx context.Context) context.Context { return ctx },
	}
	return s, nil
}

// Update implements metadata.Store. Updates of this process write one after
// another in fair order, and those that wait for each other share a transaction,
// see group.Line. BEGIN IMMEDIATE keeps writers of other processes out.
//
// On a full disk, one that makes room gets the reserve and a second try.
func (s *store) Update(ctx context.Context, fn func(metadata.Tx) error) error {
	makesRoom, err := s.update(ctx, fn)
	if makesRoom && errors.Is(err, metadata.ErrFull) && s.reserve.giveUp() {
		_, err = s.update(ctx, fn)
	}
	if err == nil {
		s.reserve.keep()
	}
	return err
}

func (s *store) update(ctx context.Context, fn func(metadata.Tx) error) (makesRoom bool, err error) {
	err = whileBusy(ctx, func() error {
		for err = group.ErrShared; errors.Is(err, group.ErrShared); {
			makesRoom, err = s.share(ctx, fn)
		}
		return err
	})
	return makesRoom, err
}

// Ping implements metadata.Store. It reads, and waits for no writer.
func (s *store) Ping(ctx context.Context) error {
	var n int
	return failed("ping", s.pool.QueryRowContext(ctx, `SELECT count(*) FROM (SELECT 1 FROM assets LIMIT 1)`).Scan(&n))
}

// Events implements metadata.Store.
func (s *store) Events() events.Log { return outbox{s.writer, s.pool} }
