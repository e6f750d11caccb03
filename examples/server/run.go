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
func run(ctx context.Context, c config, files fs.FS, out io.Writer) (err error) {
	listener, err := listen("-addr", c.addr)
	if err != nil {
		return err
	}
	defer listener.Close() // nothing is left to do about an error
	gate, closeAudit, err := openGate(c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeAudit()) }() // after the Gate has stopped
	handler, err := routes(gate, c, files)
	if err == nil {
		err = gate.Start(ctx)
	}
	if err != nil {
		return errors.Join(err, gate.Stop(ctx))
	}
	admin, err := serveAdmin(c.adminAddr, gate.Admin())
	if err != nil {
		return errors.Join(err, gate.Stop(ctx))
	}
	defer admin.Close() //nolint:errcheck // nothing is left to do about it
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

// serveAdmin serves operators on an address of their own, where there is one.
func serveAdmin(addr string, admin http.Handler) (*http.Server, error) {
	server := newServer(byLoopbackName(admin))
	if addr == "" {
		return server, nil
	}
	listener, err := listen("-admin-addr", addr)
	if err != nil {
		return nil, err
	}
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			slog.Error("the address for operators is not served any more", "error", err)
		}
	}()
	return server, nil
}

// byLoopbackName refuses every other Host: a web page can point its own name at
// 127.0.0.1, and would read what operators see.
func byLoopbackName(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !loopback(r.Host) && !loopback(net.JoinHostPort(r.Host, "80")) {
			http.Error(w, "this address goes by localhost alone", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func listen(flag, addr string) (net.Listener, error) {
	listener, err := net.Listen("tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s is taken by another program: stop that one, or choose another port with %s", addr, flag)
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
