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
func (g *Gate) Start(ctx context.Context) error {
	if !g.enter(opened, starting) {
		return errors.New("streamgate: a Gate can be started once")
	}
	if err := g.uploads.Recover(ctx); err != nil {
		g.enter(starting, opened)
		return fmt.Errorf("streamgate: recovering uploads: %w", err)
	}
	if err := g.dispatcher.Start(ctx); err != nil {
		return fmt.Errorf("streamgate: %w", err)
	}
	g.expiry.start(ctx)
	if g.enter(starting, running) {
		return nil
	}
	return errors.Join(errors.New("streamgate: the Gate was stopped while it started"),
		g.expiry.stop(ctx), g.dispatcher.Stop(ctx))
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
	err := errors.Join(
		g.endStreams(),
		g.uploads.Drain(ctx),
		g.requests.drain(ctx),
		g.expiry.stop(ctx),
		g.dispatcher.Stop(ctx),
		g.close(),
	)
	if err != nil {
		return fmt.Errorf("streamgate: stopping: %w", err)
	}
	return nil
}

func (g *Gate) endStreams() error {
	g.bus.Close()
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
