package sqlite

import (
	"context"
	"database/sql"

	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/internal/group"
)

// transaction implements group.Transaction.
type transaction struct {
	conn *sql.Conn
	tx   *sql.Tx
}

// begin opens a transaction. It does not end with ctx, which is one member's.
func (s *store) begin(ctx context.Context) (transaction, error) {
	conn, err := s.writer.Conn(ctx)
	if err != nil {
		return transaction{}, failed("begin", err)
	}
	tx, err := conn.BeginTx(context.WithoutCancel(ctx), nil)
	if err != nil {
		_ = conn.Close() // the error that counts is err
		if ctx.Err() != nil {
			err = context.Cause(ctx) // while another process had the lock
		}
		return transaction{}, failed("begin", err)
	}
	return transaction{conn, tx}, nil
}

func (t transaction) Commit() error {
	err := t.tx.Commit()
	_ = t.conn.Close() // back to the pool: the transaction has ended
	return failed("commit", err)
}

func (t transaction) Undo() {
	_ = t.tx.Rollback() // else the connection is dropped
	_ = t.conn.Close()
}

// share runs fn in a transaction that others may write in, too, and returns once it
// is committed. It says whether fn deletes something.
func (s *store) share(ctx context.Context, fn func(metadata.Tx) error) (makesRoom bool, err error) {
	err = s.line.Share(ctx, group.Part[transaction]{
		Write: func(shared transaction, others bool) error {
			t := newTx(shared.tx, s.writes)
			defer func() { makesRoom = t.makesRoom }()
			return t.within(ctx, fn, others)
		},
		Undo: s.undo,
	})
	return makesRoom, err
}

// within runs fn between a savepoint and its release, where that is asked for, so
// that a failure or panic undoes its own writes alone. The first of a group needs
// none.
func (t *tx) within(ctx context.Context, fn func(metadata.Tx) error, savepoint bool) error {
	if savepoint {
		if err := t.exec("SAVEPOINT member"); err != nil {
			return err
		}
	}
	if err := fn(t); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return failed("update", context.Cause(ctx))
	}
	if savepoint {
		return t.exec("RELEASE member")
	}
	return nil
}

// undo takes one member's writes back. Where SQLite has undone all of the
// transaction, which it does on a full disk, the others run again.
func (s *store) undo(shared transaction) bool {
	t := newTx(shared.tx, s.writes)
	return t.exec("ROLLBACK TO member") == nil && t.exec("RELEASE member") == nil
}
