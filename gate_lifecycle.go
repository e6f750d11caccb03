package streamgate

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// state is where a Gate is in its life.
type state int

const (
	opened state = iota
	starting
	running
	stopping
	stopped
)

// Start finishes what a crash left behind and runs the workers, until Stop. The
// end of ctx cuts Start itself short and does not stop the workers.
//
// An upload that cannot be finished now is logged and tried again later; only a
// database that does not answer keeps a Gate from starting.
func (g *Gate) Start(ctx context.Context) error {
	if !g.enter(opened, starting) {
		return errors.New("streamgate: a Gate can be started once")
	}
	if err := g.prepare(ctx); err != nil {
		g.enter(starting, opened)
		return fmt.Errorf("streamgate: starting: %w", err)
	}
	if err := g.work(ctx); err != nil {
		g.enter(starting, opened)
		return fmt.Errorf("streamgate: starting: %w", err)
	}
	if g.enter(starting, running) {
		return nil
	}
	return errors.Join(errors.New("streamgate: the Gate was stopped while it started"),
		g.recovery.stop(ctx), g.stopJobs(ctx), g.stopSettling(ctx), g.dispatcher.Stop(ctx))
}

// work starts all workers, or none.
func (g *Gate) work(ctx context.Context) error {
	if err := g.dispatcher.Start(ctx); err != nil {
		return err
	}
	g.recovery.start(ctx)
	err := g.startSettling(ctx)
	if err == nil {
		err = g.startJobs(ctx)
	}
	if err != nil {
		return errors.Join(err, g.recovery.stop(ctx), g.stopSettling(ctx), g.dispatcher.Stop(ctx))
	}
	return nil
}

func (g *Gate) prepare(ctx context.Context) error {
	if err := g.meta.Ping(ctx); err != nil {
		return err
	}
	err := g.recoverUploads(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		g.o.logger.ErrorContext(ctx, "could not recover uploads, will try again", "error", err)
	}
	return nil
}

// recoverUploads waits for another time while files are imported: those that
// are not inspected yet have not been forgotten.
func (g *Gate) recoverUploads(ctx context.Context) error {
	if !g.importing.TryLock() {
		return nil
	}
	defer g.importing.Unlock()
	return g.uploads.Recover(ctx)
}

// enter goes from one state to the next, if it is the one expected.
func (g *Gate) enter(from, to state) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.state != from {
		return false
	}
	g.state = to
	return true
}

func (g *Gate) is(s state) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.state == s
}

// Stop turns /ready to 503, refuses new uploads, ends those that run with their
// bytes kept, ends event streams, lets the workers and the requests that run
// finish, and closes the data directory. When ctx ends first, what still runs
// is cut off; everything is closed all the same and the error says what was cut.
//
// Every request after Stop is answered with 503. Stopping again waits for the
// first Stop and returns its result.
func (g *Gate) Stop(ctx context.Context) error {
	g.mu.Lock()
	if g.state >= stopping {
		g.mu.Unlock()
		return g.awaitEnd(ctx)
	}
	g.state = stopping
	g.mu.Unlock()

	err := g.drain(ctx)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.state, g.result = stopped, err
	close(g.ended)
	return err
}

func (g *Gate) awaitEnd(ctx context.Context) error {
	select {
	case <-g.ended:
		return g.result
	case <-ctx.Done():
		return ctx.Err()
	}
}

// drain goes from the outside in: whoever feeds something ends before it does.
func (g *Gate) drain(ctx context.Context) error {
	g.bus.Close() // ends the event streams
	err := errors.Join(
		g.uploads.Drain(ctx),
		g.requests.drain(ctx),
		g.recovery.stop(ctx),
		g.stopJobs(ctx),
		g.stopSettling(ctx),
		g.dispatcher.Stop(ctx),
		g.closeAudit(ctx),
		g.close(),
	)
	if err != nil {
		return fmt.Errorf("streamgate: stopping: %w", err)
	}
	return nil
}

// close closes what the Gate opened, the last first.
func (g *Gate) close() error {
	var errs []error
	for _, c := range slices.Backward(g.closers) {
		errs = append(errs, c())
	}
	g.closers = nil
	return errors.Join(errs...)
}

// abandon closes what a New that failed had opened.
func (g *Gate) abandon(err error) error { return errors.Join(err, g.close()) }
