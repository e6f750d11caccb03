// Command embed is an application with accounts and pages of its own that has
// StreamGate mounted under /video: the application's session cookies say who
// asks, and each user sees their own videos.
//
//	go run ./examples/embed [-addr 127.0.0.1:8090] [-data ./embed-data]
//
// Sign in as ada, grace or root; the password is the name.
package main

import (
	"context"
	"flag"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8090", "address to listen on")
	data := flag.String("data", "./embed-data", "data directory")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *addr, *data); err != nil {
		slog.Error("the application ended", "error", err)
		os.Exit(1) //nolint:gocritic // stop has nothing left to do
	}
}

func run(ctx context.Context, addr, data string) error {
	app, err := newApp(data)
	if err != nil {
		return err
	}
	if err := app.gate.Start(ctx); err != nil {
		return err
	}
	server := &http.Server{Addr: addr, Handler: app.routes(), ReadHeaderTimeout: 10 * time.Second}
	// Stop ends uploads and event streams, so that Shutdown can end the rest.
	stopped := make(chan error, 1)
	context.AfterFunc(ctx, func() {
		late, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		err := app.gate.Stop(late)
		_ = server.Shutdown(late) // what still runs ends with the process
		stopped <- err
	})
	slog.Info("listening", "url", "http://"+addr+"/")
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		return err
	}
	return <-stopped
}
