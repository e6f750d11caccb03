package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/internal/group"
)

// transaction implements group.Transaction. Those who share one share its lock, too,
// and the way to the server.
type transaction struct {
	conn    *pgxpool.Conn
	tx      pgx.Tx
	timeout time.Duration // of its end
}

// begin opens a transaction, once those of other processes are over.
func (s *store) begin(ctx context.Context) (*transaction, error) {
	timed, cancel := context.WithTimeoutCause(ctx, s.wait+s.timeout, errSlow)
	defer cancel()
	conn, err := s.pool.Acquire(timed)
	if err != nil {
		return nil, failed(ctx, "begin", timely(timed, err))
	}
	tx, err := conn.BeginTx(timed, pgx.TxOptions{BeginQuery: s.beginning})
	if err != nil {
		conn.Release()
		return nil, failed(ctx, "begin", timely(timed, err))
	}
	return &transaction{conn, tx, s.timeout}, nil
}

func (t *transaction) Commit() error {
	ctx, cancel := t.ending()
	defer cancel()
	err := t.tx.Commit(ctx)
	t.conn.Release() // which closes it, unless the transaction has ended
	return failed(ctx, "commit", timely(ctx, err))
}

func (t *transaction) Undo() {
	ctx, cancel := t.ending()
	defer cancel()
	_ = t.tx.Rollback(ctx) // else the connection is dropped
	t.conn.Release()
}

// ending is a context in which a transaction ends: not that of one of its members.
func (t *transaction) ending() (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(context.Background(), t.timeout, errSlow)
}

// goesOn says whether no statement in it has failed, nor ended it.
func (t *transaction) goesOn() bool { return t.conn.Conn().PgConn().TxStatus() == inTransaction }

// inTransaction is what the server says of a connection whose transaction goes on.
const inTransaction = 'T'

// share runs fn in a transaction that others may write in, too, and returns once that
// is committed. It says whether it came as far as the commit, of which nobody knows
// what became where the connection is lost. Who was taken along by another once is
// hasty.
//
// One that fails takes the others along, unless it has changed nothing: savepoints
// would cost each Update two ways to the server more, for the sake of the few.
func (s *store) share(ctx context.Context, fn func(metadata.Tx) error, hasty bool) (committing bool, err error) {
	var mine *tx
	err = s.line.Share(ctx, group.Part[*transaction]{
		Write: func(shared *transaction, _ bool) error {
			mine = &tx{reader: reader{on: shared.tx, timeout: s.timeout}, pg: shared.tx}
			err := fn(mine)
			switch {
			case err != nil:
				return err
			case ctx.Err() != nil:
				return failed(ctx, "update", context.Cause(ctx))
			case !shared.goesOn():
				return errPassedOver
			}
			committing = true
			return nil
		},
		Undo:  func(shared *transaction) bool { return !mine.wrote && shared.goesOn() },
		Hasty: hasty,
	})
	return committing && !errors.Is(err, group.ErrShared), err
}

// errPassedOver means that an Update went on after a statement that has failed: there
// is nothing left to commit, and others must not be taken along.
var errPassedOver = fmt.Errorf("postgres: a statement has failed, which the function of the Update did not say: %w", pgx.ErrTxCommitRollback)
