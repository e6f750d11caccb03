package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/streamgate/streamgate/internal/pgtest"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/postgres"
)

// sql runs statements beside the store.
func sql(t testing.TB, dsn string, texts ...string) {
	t.Helper()
	c, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close(context.Background()) }()
	for _, text := range texts {
		if _, err := c.Exec(t.Context(), text); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
}

// in is a connection string to another database of the same server.
func in(dsn, database string) string { return dsn[:strings.LastIndex(dsn, "=")+1] + database }

func asset(owner string) *metadata.Asset {
	return &metadata.Asset{ID: metadata.NewID(), Owner: owner, State: metadata.Ready}
}

func insert(ctx context.Context, s metadata.Store, list ...*metadata.Asset) error {
	return s.Update(ctx, func(tx metadata.Tx) error {
		for _, a := range list {
			if err := tx.InsertAsset(ctx, a); err != nil {
				return err
			}
		}
		return nil
	})
}

func TestWhatCannotBeOpenedIsRefused(t *testing.T) {
	dsn := pgtest.Database(t)
	sql(t, dsn, `DROP DATABASE IF EXISTS latin`, `CREATE DATABASE latin ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0`,
		`DROP ROLE IF EXISTS visitor`, `CREATE ROLE visitor LOGIN`)
	for name, c := range map[string]struct {
		dsn  string
		want error
		says string
	}{
		"no connection string":         {"postgres://%zz:secret@host", metadata.ErrInvalid, "connection string"},
		"a number that is none":        {dsn + " pool_max_conns=many", metadata.ErrInvalid, "connection string"},
		"one connection":               {dsn + " pool_max_conns=1", metadata.ErrInvalid, "two connections"},
		"a database that is not there": {in(dsn, "missing"), metadata.ErrUnavailable, "refuses"},
		"a server that is not there":   {"host=127.0.0.1 port=1 user=x password=secret dbname=x", metadata.ErrUnavailable, "does not answer"},
		"a database that is no UTF-8":  {in(dsn, "latin"), metadata.ErrUnavailable, "LATIN1"},
		"a schema that is not there":   {dsn + " search_path=missing", metadata.ErrUnavailable, "search_path"},
		"a user who may create nothing": {
			strings.Replace(dsn, "user=postgres", "user=visitor", 1), metadata.ErrUnavailable, "refuses",
		},
	} {
		db, err := postgres.Open(t.Context(), c.dsn, nil)
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %v that says %q", name, err, c.want, c.says)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the error has the password: %v", name, err)
		}
		if db != nil {
			t.Errorf("%s: an error and a database", name)
		}
	}
	sql(t, dsn, `DROP DATABASE latin WITH (FORCE)`)
}

func TestAnOpeningEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := postgres.Open(ctx, pgtest.Database(t), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("Open: %v, want context.Canceled", err)
	}
}

func TestProcessesThatStartTogetherMakeOneSchema(t *testing.T) {
	dsn := pgtest.Database(t)
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			db, err := postgres.Open(t.Context(), dsn, nil)
			if err != nil {
				t.Error(err)
				return
			}
			if err := errors.Join(insert(t.Context(), db.Metadata(), asset("ann")), db.Close()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	page, err := open(t, dsn).Metadata().Search(t.Context(), metadata.Query{Owner: "ann"})
	if err != nil || len(page.Assets) != 6 {
		t.Errorf("%d assets, %v; want 6", len(page.Assets), err)
	}
}

func TestADatabaseOfANewerVersionIsRefused(t *testing.T) {
	dsn := pgtest.Database(t)
	open(t, dsn)
	sql(t, dsn, `INSERT INTO streamgate_schema_version (version_id, is_applied) VALUES (9999, true)`)
	_, err := postgres.Open(t.Context(), dsn, nil)
	if !errors.Is(err, metadata.ErrUnavailable) || !strings.Contains(err.Error(), "schema version 9999") || !strings.Contains(err.Error(), "newer version") {
		t.Errorf("Open: %v, want a sentence about a newer version", err)
	}
}

func TestSchemasOfADatabaseAreStoresOfTheirOwn(t *testing.T) {
	dsn := pgtest.Database(t)
	sql(t, dsn, `CREATE SCHEMA one`, `CREATE SCHEMA "Two words"`)
	one, two := open(t, dsn+" search_path=one").Metadata(), open(t, dsn+` search_path='"Two words"'`).Metadata()
	a := asset("ann")
	a.Title = "mine"
	if err := insert(t.Context(), one, a); err != nil {
		t.Fatal(err)
	}
	if _, err := two.Asset(t.Context(), a.ID); !errors.Is(err, metadata.ErrNotFound) {
		t.Errorf("the other schema: %v, want ErrNotFound", err)
	}
	err := one.Update(t.Context(), func(metadata.Tx) error { // and of locks of their own
		return two.Update(t.Context(), func(tx metadata.Tx) error { return tx.InsertAsset(t.Context(), a.Clone()) })
	})
	if err != nil {
		t.Error(err)
	}
	page, err := two.Search(t.Context(), metadata.Query{Text: "mine"})
	if err != nil || len(page.Assets) != 1 {
		t.Errorf("a search by words: %d, %v; want 1", len(page.Assets), err)
	}
	sql(t, dsn, `DELETE FROM one.assets`) // with another search_path
	err = insert(t.Context(), one, &metadata.Asset{ID: a.ID, State: metadata.Ready})
	if !errors.Is(err, metadata.ErrGone) {
		t.Errorf("what an administrator deleted: %v, want ErrGone", err)
	}
}

func TestAClosedDatabaseIsUnavailable(t *testing.T) {
	db, err := postgres.Open(t.Context(), pgtest.Database(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	s := db.Metadata()
	for range 2 {
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	ctx := t.Context()
	_, readErr := s.Asset(ctx, "x")
	_, searchErr := s.Search(ctx, metadata.Query{})
	_, pendingErr := s.Events().Pending(ctx, 0, 1)
	for what, err := range map[string]error{
		"Asset": readErr, "Search": searchErr, "Pending": pendingErr, "Ping": s.Ping(ctx),
		"Delivered": s.Events().Delivered(ctx, 1),
		"Update":    s.Update(ctx, func(metadata.Tx) error { return nil }),
	} {
		if !errors.Is(err, metadata.ErrUnavailable) {
			t.Errorf("%s: %v, want ErrUnavailable", what, err)
		}
	}
}

func TestConnectionsAreMadeAsTheApplicationSays(t *testing.T) {
	asked := 0
	db, err := postgres.Open(t.Context(), pgtest.Database(t), &postgres.Options{Configure: func(c *pgxpool.Config) {
		c.BeforeConnect = func(context.Context, *pgx.ConnConfig) error { // such as a password that is new each hour
			asked++
			return nil
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	var name string
	if err := db.Pool().QueryRow(t.Context(), `SELECT current_setting('application_name')`).Scan(&name); err != nil || name != "streamgate" {
		t.Errorf("the server knows it as %q, %v; want streamgate", name, err)
	}
	if err := db.Close(); err != nil || asked == 0 {
		t.Errorf("asked for %d connections, %v", asked, err)
	}
}

// numbers are n words.
func numbers(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, " number%d", i)
	}
	return b.String()
}
