package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/streamgate/streamgate/metadata"
)

// errShared means that an Update is to run again, because one that shared its
// transaction took that along when it failed.
var errShared = errors.New("postgres: a transaction that was shared is gone")

// A line is where the Updates of this process queue. Each in turn does its writes
// in the transaction that is open, and queues again behind those who wait: the first
// to come up again commits for all who wrote meanwhile. So nobody waits for company,
// and many at once share one lock, one commit and the way to the server. That the
// queue is fair is what bounds a group.
type line struct {
	turn    chan struct{} // full while somebody writes
	waiting atomic.Int32  // newcomers
	open    *group        // of whoever has the turn
}

// A group is a transaction and the Updates that share it.
type group struct {
	conn    *pgxpool.Conn
	tx      pgx.Tx
	members int // who have written, and see to the commit
	done    chan struct{}
	err     error // of all members, once done is closed
}

func newLine() *line { return &line{turn: make(chan struct{}, 1)} }

func (l *line) enter(ctx context.Context) error {
	l.waiting.Add(1)
	defer l.waiting.Add(-1)
	if ctx.Err() != nil {
		return failed(ctx, "wait for other writers", ctx.Err())
	}
	select {
	case l.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return failed(ctx, "wait for other writers", ctx.Err())
	}
}

func (l *line) leave() { <-l.turn }

// end closes the group with what became of it.
func (l *line) end(g *group, err error) {
	g.err = err
	g.conn.Release() // which closes it, unless the transaction has ended
	l.open = nil
	close(g.done)
}

// begin opens a transaction, once those of other processes are over.
func (s *store) begin(ctx context.Context) (*group, error) {
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
	return &group{conn: conn, tx: tx, done: make(chan struct{})}, nil
}

func (s *store) commit(g *group) {
	ctx, cancel := s.ending()
	defer cancel()
	s.line.end(g, failed(ctx, "commit", timely(ctx, g.tx.Commit(ctx))))
}

// drop undoes the group; those who have written in it run again.
func (s *store) drop(g *group) {
	ctx, cancel := s.ending()
	defer cancel()
	_ = g.tx.Rollback(ctx) // else the connection is dropped
	s.line.end(g, errShared)
}

// ending is a context in which a transaction ends: not that of one of its members.
func (s *store) ending() (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(context.Background(), s.timeout, errSlow)
}

// share runs fn in the open transaction, or in a new one, and returns once that is
// committed. It says whether it came as far as the commit, of which nobody knows
// what became where the connection is lost. Who was taken along by another once is
// hasty, and commits before anybody else can fail.
func (s *store) share(ctx context.Context, fn func(metadata.Tx) error, hasty bool) (committing bool, err error) {
	if err := s.line.enter(ctx); err != nil {
		return false, err
	}
	g := s.line.open
	if g == nil {
		if g, err = s.begin(ctx); err != nil {
			s.line.leave()
			return false, err
		}
		s.line.open = g
	}
	if err := s.write(ctx, g, fn); err != nil {
		return false, err
	}
	err = s.settle(g, hasty)
	return !errors.Is(err, errShared), err
}

// write runs fn and keeps the turn if it succeeds. One that fails takes the group
// along, unless it has changed nothing: savepoints would cost each Update two ways
// to the server more, for the sake of the few.
func (s *store) write(ctx context.Context, g *group, fn func(metadata.Tx) error) (err error) {
	t := &tx{reader: reader{on: g.tx, timeout: s.timeout}, pg: g.tx}
	returned := false
	defer func() { // also when fn panics, or ends its goroutine
		if returned && err == nil {
			g.members++
			return
		}
		if t.wrote || g.members == 0 || g.conn.Conn().PgConn().TxStatus() != inTransaction {
			s.drop(g)
		}
		s.line.leave()
	}()
	err = fn(t)
	if err == nil && ctx.Err() != nil {
		err = failed(ctx, "update", context.Cause(ctx))
	}
	if err == nil && g.conn.Conn().PgConn().TxStatus() != inTransaction {
		err = errPassedOver
	}
	returned = true
	return err
}

// errPassedOver means that an Update went on after a statement that has failed: there
// is nothing left to commit, and others must not be taken along.
var errPassedOver = fmt.Errorf("postgres: a statement has failed, which the function of the Update did not say: %w", pgx.ErrTxCommitRollback)

// inTransaction is what the server says of a connection whose transaction goes on.
const inTransaction = 'T'

// settle sees to the commit of a group that the caller has written in, and gives the
// turn to the next.
func (s *store) settle(g *group, hasty bool) error {
	l := s.line
	if !hasty && l.waiting.Load() > 0 {
		l.leave()
		select {
		case <-g.done:
			return g.err
		case l.turn <- struct{}{}:
		}
	}
	if l.open == g {
		s.commit(g)
	}
	l.leave()
	return g.err
}
