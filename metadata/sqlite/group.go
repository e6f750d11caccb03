package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"sync/atomic"

	"github.com/streamgate/streamgate/metadata"
)

// errShared means that an Update is to run again, because one that shared its
// transaction took that along when it failed.
var errShared = errors.New("sqlite: a transaction that was shared is gone")

// A line is where Updates queue. Each in turn does its writes in the transaction
// that is open, and queues again behind those who wait: the first to come up
// again commits for all who wrote meanwhile. So nobody waits for company, and
// many at once share one fsync. That the queue is fair is what bounds a group.
type line struct {
	turn    chan struct{} // full while somebody writes
	waiting atomic.Int32  // newcomers
	open    *group        // of whoever has the turn
}

// A group is a transaction and the Updates that share it.
type group struct {
	conn    *sql.Conn
	tx      *sql.Tx
	members int
	done    chan struct{}
	err     error // of all members, once done is closed
}

func newLine() *line { return &line{turn: make(chan struct{}, 1)} }

func (l *line) enter(ctx context.Context) error {
	l.waiting.Add(1)
	defer l.waiting.Add(-1)
	select {
	case l.turn <- struct{}{}:
		return nil
	default:
	}
	select {
	case l.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return failed("wait for other writers", ctx.Err())
	}
}

func (l *line) leave() { <-l.turn }

// end closes the group with what became of it.
func (l *line) end(g *group, err error) {
	g.err = err
	_ = g.conn.Close() // back to the pool: the transaction has ended
	l.open = nil
	close(g.done)
}

func (l *line) commit(g *group) { l.end(g, failed("commit", g.tx.Commit())) }

// drop undoes the group; those who have written in it run again.
func (l *line) drop(g *group) {
	_ = g.tx.Rollback() // else the connection is dropped
	l.end(g, errShared)
}

// begin opens a transaction. It does not end with ctx, which is one member's.
func (s *store) begin(ctx context.Context) (*group, error) {
	conn, err := s.writer.Conn(ctx)
	if err != nil {
		return nil, failed("begin", err)
	}
	tx, err := conn.BeginTx(context.WithoutCancel(ctx), nil)
	if err != nil {
		_ = conn.Close() // the error that counts is err
		if ctx.Err() != nil {
			err = context.Cause(ctx) // while another process had the lock
		}
		return nil, failed("begin", err)
	}
	return &group{conn: conn, tx: tx, done: make(chan struct{})}, nil
}

// share runs fn in the open transaction, or in a new one, and returns once that
// is committed. It says whether fn deletes something.
func (s *store) share(ctx context.Context, fn func(metadata.Tx) error) (makesRoom bool, err error) {
	l := s.line
	if err := l.enter(ctx); err != nil {
		return false, err
	}
	g := l.open
	if g == nil {
		if g, err = s.begin(ctx); err != nil {
			l.leave()
			return false, err
		}
		l.open = g
	}
	returned := false
	defer func() {
		if !returned { // fn panicked, or ended its goroutine
			l.leave()
		}
	}()
	makesRoom, err = s.write(ctx, g, fn)
	returned = true
	if err != nil {
		l.leave()
		return makesRoom, err
	}
	return makesRoom, l.settle(g)
}

// settle sees to the commit of a group that the caller has written in, and gives
// the turn to the next.
func (l *line) settle(g *group) error {
	if l.waiting.Load() > 0 {
		l.leave()
		select {
		case <-g.done:
			return g.err
		case l.turn <- struct{}{}:
		}
	}
	if l.open == g {
		l.commit(g)
	}
	l.leave()
	return g.err
}

// write runs fn between a savepoint and its release, so that a failure or panic
// undoes its own writes alone. The first of a group needs none.
func (s *store) write(ctx context.Context, g *group, fn func(metadata.Tx) error) (makesRoom bool, err error) {
	t := newTx(g.tx, s.writes)
	first := g.members == 0
	returned := false
	defer func() {
		if returned && err == nil {
			g.members++
			return
		}
		s.undo(g, first)
	}()
	err = t.within(ctx, fn, !first)
	returned = true
	return t.makesRoom, err
}

// within runs fn, in a savepoint where that is asked for.
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
func (s *store) undo(g *group, first bool) {
	if first {
		s.line.drop(g)
		return
	}
	t := newTx(g.tx, s.writes)
	if t.exec("ROLLBACK TO member") != nil || t.exec("RELEASE member") != nil {
		s.line.drop(g)
	}
}
