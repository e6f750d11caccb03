package postgres_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/streamgate/streamgate/internal/pgtest"
	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/postgres"
)

func TestAServerThatRestartsIsFoundAgain(t *testing.T) {
	server := pgtest.Start(t, true)
	s := open(t, server.Database(t)).Metadata()
	ctx := t.Context()
	kept := asset("ann")
	if err := insert(ctx, s, kept); err != nil {
		t.Fatal(err)
	}
	busy(ctx, s, kept.ID)
	server.Stop(t)
	_, readErr := s.Asset(ctx, kept.ID)
	for what, err := range map[string]error{
		"Asset": readErr, "Ping": s.Ping(ctx), "Update": insert(ctx, s, asset("ann")), "Delivered": s.Events().Delivered(ctx, 1),
	} {
		if !errors.Is(err, metadata.ErrUnavailable) || problem.KindOf(err).Status != 503 {
			t.Errorf("%s without a server: %v, want ErrUnavailable", what, err)
		}
	}
	server.Start(t)
	if _, err := s.Asset(ctx, kept.ID); err != nil {
		t.Errorf("what was acknowledged before: %v", err)
	}
	if err := insert(ctx, s, asset("ann")); err != nil {
		t.Errorf("Update after the restart: %v", err)
	}
}

// TestARestartIsNotNoticedByWhoComesAfterIt restarts the server while nobody asks:
// all connections are dead then, and none of the requests may be told so.
func TestARestartIsNotNoticedByWhoComesAfterIt(t *testing.T) {
	server := pgtest.Start(t, true)
	db, err := postgres.Open(t.Context(), server.Database(t), &postgres.Options{Configure: func(c *pgxpool.Config) {
		// As if all connections were in use until a moment ago.
		c.ShouldPing = func(context.Context, pgxpool.ShouldPingParams) bool { return false }
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s, ctx := db.Metadata(), t.Context()
	kept := asset("ann")
	if err := insert(ctx, s, kept); err != nil {
		t.Fatal(err)
	}
	for name, first := range map[string]func() error{
		"a read":    func() error { _, err := s.Asset(ctx, kept.ID); return err },
		"an Update": func() error { return insert(ctx, s, asset("ann")) },
		"a ping":    func() error { return s.Ping(ctx) },
	} {
		busy(ctx, s, kept.ID)
		server.Stop(t)
		server.Start(t)
		if err := first(); err != nil {
			t.Errorf("%s is the first after a restart: %v", name, err)
		}
	}
}

// busy opens all connections that there may be.
func busy(ctx context.Context, s metadata.Store, id string) {
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for range 10 {
				_, _ = s.Asset(ctx, id)
			}
		})
	}
	all.Wait()
}

func TestAnUpdateInWhichTheServerCrashesRunsAgain(t *testing.T) {
	server := pgtest.Start(t, true)
	s := open(t, server.Database(t)).Metadata()
	a := asset("ann")
	runs := 0
	err := s.Update(t.Context(), func(tx metadata.Tx) error {
		if err := tx.InsertAsset(t.Context(), a.Clone()); err != nil {
			return err
		}
		if runs++; runs == 1 {
			server.Stop(t)
			server.Start(t)
		}
		_, err := tx.Asset(t.Context(), a.ID)
		return err
	})
	if err != nil || runs != 2 {
		t.Errorf("Update: %v after %d runs, want 2", err, runs)
	}
	if _, err := s.Asset(t.Context(), a.ID); err != nil {
		t.Error(err)
	}
}
