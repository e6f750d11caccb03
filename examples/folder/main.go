// Command folder plays the videos of a directory as HLS. Nothing is uploaded,
// converted or written: the files stay as they are, where they are.
//
//	go run ./examples/folder -dir ./videos
//
// Like http.FileServer it lets in everybody who reaches its address.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/streamgate/streamgate/hls"
)

func main() {
	dir := flag.String("dir", "./videos", "directory whose videos to play")
	addr := flag.String("addr", "127.0.0.1:8080", "address to listen on")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *dir, *addr, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, dir, addr string, out io.Writer) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("cannot open the directory (-dir names another): %w", err)
	}
	defer root.Close() //nolint:errcheck // it was only read

	mux := http.NewServeMux()
	mux.Handle("/videos/", http.StripPrefix("/videos", hls.Dir(dir))) // this line is all it takes
	mux.Handle("GET /{$}", index{root.FS(), mux})
	mux.HandleFunc("GET /player.js", serveScript)

	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("cannot listen (-addr chooses another address): %w", err)
	}
	fmt.Fprintf(out, "Open http://%s/ to watch what is in %s. Ctrl+C stops.\n", listener.Addr(), dir)
	return serve(ctx, listener, mux)
}

func serve(ctx context.Context, l net.Listener, h http.Handler) error {
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serving: %w", err)
	case <-ctx.Done():
	}
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if server.Shutdown(late) != nil {
		_ = server.Close() // viewers that still watch are cut off
	}
	return nil
}
