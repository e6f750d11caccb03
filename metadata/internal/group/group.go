// Package group lets writers that wait for each other share a transaction, and so
// one commit.
package group

import (
	"context"
	"errors"
)

// ErrShared means that a writer is to write again, because another that shared its
// transaction took that along when it failed.
var ErrShared = errors.New("a transaction that was shared is gone")

// A Transaction is one of a database. Nobody uses it once it was committed or undone.
type Transaction interface {
	// Commit makes durable what was written in it, and gives its connection back,
	// whatever the error.
	Commit() error
	// Undo takes all of it back, and gives its connection back.
	Undo()
}

// A Line is where the writers of a process queue. Each in turn writes in the
// transaction that is open, and queues again behind those who wait: the first to come
// up again commits for all who wrote meanwhile. So nobody waits for company, and many
// at once share one commit. That the queue is fair is what bounds a group.
type Line[T Transaction] struct {
	queue

	begin func(context.Context) (T, error)
	open  *group[T] // of whoever has the turn
}

// A group is a transaction and the writers that share it.
type group[T Transaction] struct {
	tx      T
	members int // who have written, and see to the commit
	done    chan struct{}
	err     error // of all members, once done is closed
}

// NewLine returns a Line of those who write to one database. begin opens a
// transaction; that must not end with its context, which is one writer's.
func NewLine[T Transaction](begin func(context.Context) (T, error)) *Line[T] {
	return &Line[T]{begin: begin}
}

// A Part is what one writer does.
type Part[T Transaction] struct {
	// Write writes in tx. others says that somebody else has, before.
	Write func(tx T, others bool) error
	// Undo takes back what Write has written when that failed, panicked or ended its
	// goroutine, and says whether the transaction is good for the others still: else
	// it is undone, and they write again. It is not called of the first in a
	// transaction, whose part is all of it.
	Undo func(tx T) bool
	// Hasty commits at once, before anybody else can fail. Default: false.
	Hasty bool
}

// Share has p write in the open transaction, or in a new one, and returns once that
// is committed: with the error of p, of the beginning or of the commit, as they are,
// with that of ctx where it ended in the queue, or with ErrShared.
func (l *Line[T]) Share(ctx context.Context, p Part[T]) error {
	if err := l.enter(ctx); err != nil {
		return err
	}
	g, err := l.write(ctx, p)
	if err != nil {
		return err
	}
	return l.settle(g, p.Hasty)
}

// write has p write, and keeps the turn if that succeeds.
func (l *Line[T]) write(ctx context.Context, p Part[T]) (g *group[T], err error) {
	returned := false
	defer func() { // also when p panics, or ends its goroutine
		if !returned || err != nil {
			l.leave()
		}
	}()
	if g = l.open; g == nil {
		tx, err := l.begin(ctx)
		if err != nil {
			returned = true
			return nil, err
		}
		g = &group[T]{tx: tx, done: make(chan struct{})}
		l.open = g
	}
	others := g.members > 0
	defer func() {
		if returned && err == nil {
			g.members++
		} else if !others || !p.Undo(g.tx) {
			g.tx.Undo()
			l.end(g, ErrShared)
		}
	}()
	err = p.Write(g.tx, others)
	returned = true
	return g, err
}

// settle sees to the commit of a group that the caller has written in, and gives the
// turn to the next.
func (l *Line[T]) settle(g *group[T], hasty bool) error {
	if !hasty {
		if again := l.yield(); again != nil {
			select {
			case <-g.done:
				l.quit(again)
				return g.err
			case <-again.turn:
			}
		}
	}
	if l.open == g {
		l.end(g, g.tx.Commit())
	}
	l.leave()
	return g.err
}

// end closes the group with what became of it.
func (l *Line[T]) end(g *group[T], err error) {
	g.err = err
	l.open = nil
	close(g.done)
}
