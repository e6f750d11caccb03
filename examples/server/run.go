package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"
)

// run serves until ctx ends, and then drains.
func run(ctx context.Context, c config, files fs.FS, out io.Writer) error {
	listener, err := listen(c.addr)
	if err != nil {
		return err
	}
	defer listener.Close() // nothing is left to do about an error
	gate, err := openGate(c)
	if err != nil {
		return err
	}
	handler, err := routes(gate, c, files)
	if err == nil {
		err = gate.Start(ctx)
	}
	if err != nil {
		return errors.Join(err, gate.Stop(ctx))
	}
	greet(out, c, listener.Addr())
	importing, cancel := context.WithCancel(ctx)
	var background sync.WaitGroup
	background.Go(func() { importAll(importing, gate, c.imports) })
	return serve(ctx, listener, handler, c.drain, func(late context.Context) error {
		cancel()
		background.Wait()
		return gate.Stop(late)
	})
}

func listen(addr string) (net.Listener, error) {
	listener, err := net.Listen("tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s is taken by another program: stop that one, or choose another port with -addr", addr)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w", addr, err)
	}
	return listener, nil
}

// newServer sets no ReadTimeout and no WriteTimeout: either would end a long
// upload or download. The Gate has deadlines for bodies that do
// not arrive: an upload may not stand still, anything else has half a minute.
func newServer(handler http.Handler) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(slog.Default().Handler(), slog.LevelWarn),
	}
}

// serve drains from the inside out: while the Gate stops (stop), /ready says 503 to
// whoever asks, running uploads keep their bytes and event streams end. Only
// then does the server close its listener.
func serve(ctx context.Context, l net.Listener, h http.Handler, drain time.Duration, stop func(context.Context) error) error {
	server := newServer(h)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	var err error
	select {
	case err = <-failed:
		err = fmt.Errorf("serving: %w", err)
	case <-ctx.Done():
		slog.Info("stopping; a second signal ends it at once", "deadline", drain)
	}
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer cancel()
	err = errors.Join(err, stop(late))
	if server.Shutdown(late) != nil {
		_ = server.Close() // what did not end in time is cut off; nothing is left to do about an error
	}
	slog.Info("stopped")
	return err
}
