// Package pgtest gives tests a PostgreSQL of their own: a cluster in a temporary
// folder, reached over a socket in it, that ends with the test binary however that
// ends.
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
)

// missing is what to do where there is no PostgreSQL.
const missing = "PostgreSQL is not installed; `scripts/need postgres` brings it"

// shared is the server of all tests of a binary that need no more than a database.
var shared = sync.OnceValues(func() (*Server, error) { return start(false) })

var databases atomic.Int64

// Database returns the connection string of an empty database, which goes with the
// test. Without PostgreSQL the test is skipped, or fails with CI set.
func Database(t testing.TB) (dsn string) {
	t.Helper()
	if binary("postgres") == "" {
		without(t)
	}
	s, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return s.Database(t)
}

// Start starts a server that is the test's alone, to be stopped and started again,
// and that ends with the test. A durable one syncs what it commits, as those in use
// do. Without PostgreSQL the test is skipped, or fails with CI set.
func Start(t testing.TB, durable bool) *Server {
	t.Helper()
	if binary("postgres") == "" {
		without(t)
	}
	s, err := start(durable)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.end)
	return s
}

func without(t testing.TB) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(missing)
	}
	t.Skip(missing)
}

// Database makes an empty database, which goes with the test.
func (s *Server) Database(t testing.TB) (dsn string) {
	t.Helper()
	return s.database(t, "template1")
}

// database makes one that is like another, to which nobody is connected.
func (s *Server) database(t testing.TB, like string) (dsn string) {
	t.Helper()
	name := fmt.Sprintf("test_%d", databases.Add(1))
	if err := s.do(t.Context(), "CREATE DATABASE "+name+" TEMPLATE "+like); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.do(context.Background(), "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err != nil && !s.stopped.Load() {
			t.Error(err)
		}
	})
	return s.dsn(name)
}

func (s *Server) dsn(database string) string {
	return "host=" + s.dir + " user=postgres dbname=" + database
}

// do runs a statement that is about databases.
func (s *Server) do(ctx context.Context, text string) error {
	c, err := pgx.Connect(ctx, s.dsn("postgres"))
	if err != nil {
		return fmt.Errorf("pgtest: %w", err)
	}
	_, err = c.Exec(ctx, text)
	return errors.Join(err, c.Close(ctx))
}

// binary returns where a program of PostgreSQL is, "" where it is not: in PATH, or
// where Debian and others keep those of each version, the newest first.
func binary(name string) string {
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin/", "/usr/pgsql-*/bin/", "/usr/libexec/postgresql*/",
		"/opt/homebrew/opt/postgresql@*/bin/", "/usr/local/opt/postgresql@*/bin/", "/usr/local/pgsql/bin/",
	} {
		found, err := filepath.Glob(pattern + name)
		if err != nil || len(found) == 0 {
			continue
		}
		return slices.MaxFunc(found, func(a, b string) int { return strings.Compare(a, b) })
	}
	return ""
}
