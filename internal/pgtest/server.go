package pgtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"
)

// Server is a running PostgreSQL.
type Server struct {
	dir     string // of the cluster and the socket
	options string
	guard   io.Closer // whose end ends the server
	stopped atomic.Bool
}

// guardian waits for the test binary to be gone, of which the end of its input
// tells, and takes server and folder away.
const guardian = `cat >/dev/null; "$0" -D "$1/data" -m immediate stop >/dev/null 2>&1; rm -rf "$1"`

// initArguments are tried in turn. The first has an order of its own for text, so
// that a comparison that forgets to ask for that of bytes is found; servers before
// 15 do not know it.
var initArguments = [][]string{
	{"--locale-provider=icu", "--icu-locale=en-US", "--locale=C.UTF-8"},
	{"--locale=C.UTF-8"},
	{"--locale=C"},
}

func start(durable bool) (_ *Server, err error) {
	dir, err := os.MkdirTemp("", "pg")
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir, options: "-c listen_addresses= -c unix_socket_directories=" + dir + " -c max_connections=200 -c shared_buffers=64MB"}
	if !durable {
		s.options += " -c fsync=off -c full_page_writes=off -c synchronous_commit=off"
	}
	defer func() {
		if err != nil {
			_ = os.RemoveAll(dir) // the error that counts is err
		}
	}()
	if err := give(dir); err != nil {
		return nil, fmt.Errorf("pgtest: %w", err)
	}
	for _, arguments := range initArguments {
		arguments = append(arguments, "-D", filepath.Join(dir, "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
		if err = s.run("initdb", arguments...); err == nil {
			break
		}
	}
	if err == nil {
		err = s.watch()
	}
	if err == nil {
		err = s.start()
	}
	return s, err
}

// watch starts the guardian.
func (s *Server) watch() error {
	cmd := exec.CommandContext(context.Background(), "sh", "-c", guardian, binary("pg_ctl"), s.dir)
	as(cmd)
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	s.guard = in
	return cmd.Start()
}

func (s *Server) start() error {
	err := s.run("pg_ctl", "-D", filepath.Join(s.dir, "data"), "-l", filepath.Join(s.dir, "log"), "-o", s.options, "-t", "60", "-w", "start")
	if err != nil {
		said, _ := os.ReadFile(filepath.Join(s.dir, "log")) // what it did not say tells nothing
		return fmt.Errorf("%w\n%s", err, said)
	}
	s.stopped.Store(false)
	return nil
}

// Start starts the server again after Stop.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
}

// Stop stops the server at once, as a crash would.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	s.stopped.Store(true)
	if err := s.run("pg_ctl", "-D", filepath.Join(s.dir, "data"), "-m", "immediate", "-w", "stop"); err != nil {
		t.Fatal(err)
	}
}

// end lets the guardian take everything away.
func (s *Server) end() {
	s.stopped.Store(true)
	_ = s.guard.Close() // there is nothing to be done about it
}

// run runs a program of PostgreSQL to its end.
func (s *Server) run(name string, arguments ...string) error {
	path := binary(name)
	if path == "" {
		return errors.New("pgtest: there is no " + name)
	}
	cmd := exec.CommandContext(context.Background(), path, arguments...)
	cmd.Dir = s.dir
	as(cmd)
	out, err := os.CreateTemp(s.dir, name) // no pipe: the server would keep it open
	if err != nil {
		return err
	}
	defer func() { _ = out.Close() }() // it was only read from
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		said, _ := os.ReadFile(out.Name())
		return fmt.Errorf("pgtest: %s: %w\n%s", name, err, bytes.TrimSpace(said))
	}
	return nil
}
