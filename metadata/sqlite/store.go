package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"sync"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/metadata"
)

// store implements metadata.Store. Its statements go with the pools that they
// were prepared on.
type store struct {
	reader
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
	s.stmt = func(_ context.Context, text string) *sql.Stmt { return s.reads[text] }
	return s, nil
}

// Update implements metadata.Store. The pool of writers has one connection, so
// that writers of this process queue in fair order and within their contexts;
// BEGIN IMMEDIATE keeps writers of other processes out.
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
		makesRoom, err = s.try(ctx, fn)
		return err
	})
	return makesRoom, err
}

// try runs fn once, and says whether it deletes something.
func (s *store) try(ctx context.Context, fn func(metadata.Tx) error) (makesRoom bool, err error) {
	sqlTx, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return false, failed("begin", err)
	}
	t := newTx(sqlTx, s.writes)
	defer t.rollback() // does nothing after a commit
	if err := fn(t); err != nil {
		return t.makesRoom, t.explain(ctx, err)
	}
	return t.makesRoom, t.explain(ctx, failed("commit", sqlTx.Commit()))
}

// Ping implements metadata.Store. It reads, and waits for no writer.
func (s *store) Ping(ctx context.Context) error {
	var n int
	return failed("ping", s.pool.QueryRowContext(ctx, `SELECT count(*) FROM (SELECT 1 FROM assets LIMIT 1)`).Scan(&n))
}

// Events implements metadata.Store.
func (s *store) Events() events.Log { return outbox{s.writer, s.pool} }
