package postgres_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/streamgate/streamgate/internal/pgtest"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/postgres"
)

// wire is a way to a server on which everything may get lost without a word.
type wire struct {
	dir    string // of its socket
	silent atomic.Bool
}

const socket = ".s.PGSQL.5432"

// newWire leads to the server of dsn, and returns the connection string over it.
func newWire(t *testing.T, dsn string) (*wire, string) {
	t.Helper()
	server, _, _ := strings.Cut(strings.TrimPrefix(dsn, "host="), " ")
	dir, err := os.MkdirTemp("", "w") //nolint:usetesting // t.TempDir is too long for a socket's path
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{dir: dir}
	listener, err := net.Listen("unix", filepath.Join(dir, socket))
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("unix", filepath.Join(server, socket))
			if err != nil {
				t.Error(err)
				return
			}
			all.Go(func() { w.carry(far, near) })
			all.Go(func() { w.carry(near, far) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		all.Wait()
		_ = os.RemoveAll(dir)
	})
	return w, strings.Replace(dsn, server, dir, 1)
}

func (w *wire) carry(to, from net.Conn) {
	defer to.Close()
	block := make([]byte, 4096)
	for {
		n, err := from.Read(block)
		if err != nil {
			return
		}
		if w.silent.Load() {
			continue
		}
		if _, err := to.Write(block[:n]); err != nil && !errors.Is(err, io.ErrClosedPipe) {
			return
		}
	}
}

func TestANetworkThatGoesSilentKeepsNobodyForEver(t *testing.T) {
	w, dsn := newWire(t, pgtest.Database(t))
	db, err := postgres.Open(t.Context(), dsn, &postgres.Options{Timeout: 2 * time.Second, Wait: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	s := db.Metadata()
	a := asset("ann")
	if err := insert(t.Context(), s, a); err != nil {
		t.Fatal(err)
	}
	w.silent.Store(true)
	var all sync.WaitGroup
	for name, ask := range map[string]func(ctx context.Context) error{
		"a read":    func(ctx context.Context) error { _, err := s.Asset(ctx, a.ID); return err },
		"an Update": func(ctx context.Context) error { return insert(ctx, s, asset("ann")) },
	} {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			if err := ask(ctx); !errors.Is(err, metadata.ErrUnavailable) || ctx.Err() != nil {
				t.Errorf("%s: %v, want ErrUnavailable in time", name, err)
			}
		})
	}
	all.Wait()
	w.silent.Store(false)
	if _, err := s.Asset(t.Context(), a.ID); err != nil {
		t.Errorf("a read once it is heard again: %v", err)
	}
	if err := insert(t.Context(), s, asset("ann")); err != nil {
		t.Errorf("an Update once it is heard again: %v", err)
	}
}
