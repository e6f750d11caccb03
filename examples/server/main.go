// Command server is StreamGate as a service of its own: upload a video on its
// page or with curl, watch it, copy its address.
//
//	go run ./examples/server [-addr 127.0.0.1:8080] [-data ./data]
//	go run ./examples/server audit verify -key audit.pub DIRECTORY
//
// On a loopback address it is open to whoever sits at the machine. On any other
// it wants an API key, or does not start. SIGINT and SIGTERM let running
// requests end; a second signal ends the process at once.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, nil)))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // from now on a signal does what it does to any process
	if err := start(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		if exit, ok := errors.AsType[exitError](err); ok {
			os.Exit(exit.code)
		}
		os.Exit(1)
	}
}

func start(ctx context.Context, args []string) error {
	if len(args) > 0 && args[0] == "audit" {
		return auditCommand(ctx, args[1:], os.Stdout, os.Stderr)
	}
	c, err := parse(args, os.Getenv, os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	return run(ctx, c, assets, os.Stdout)
}
