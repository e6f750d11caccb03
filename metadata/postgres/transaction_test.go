package postgres_test

import (
	"errors"
	"testing"

	"github.com/streamgate/streamgate/internal/pgtest"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/postgres"
)

// wrapped is a transaction in which something else is noted, too.
type wrapped struct{ metadata.Tx }

func (w wrapped) Unwrap() metadata.Tx { return w.Tx }

// hidden is one that does not say what it wraps.
type hidden struct{ metadata.Tx }

func TestWhatElseLiesInTheDatabaseCommitsWithIt(t *testing.T) {
	dsn := pgtest.Database(t)
	db := open(t, dsn)
	s, ctx := db.Metadata(), t.Context()
	sql(t, dsn, `CREATE TABLE notes (id text)`)
	write := func(result error) error {
		return s.Update(ctx, func(tx metadata.Tx) error {
			if err := tx.InsertAsset(ctx, asset("ann")); err != nil {
				return err
			}
			pg, ok := postgres.Transaction(wrapped{wrapped{tx}})
			if !ok {
				t.Fatal("there is no transaction")
			}
			_, err := pg.Exec(ctx, `INSERT INTO notes SELECT id FROM assets`)
			return errors.Join(err, result)
		})
	}
	undone := errors.New("undone")
	if err := write(undone); !errors.Is(err, undone) {
		t.Fatal(err)
	}
	for _, want := range []int{0, 1} {
		var notes int
		if err := db.Pool().QueryRow(ctx, `SELECT count(*) FROM notes`).Scan(&notes); err != nil || notes != want {
			t.Errorf("%d notes, %v; want %d", notes, err, want)
		}
		if err := write(nil); err != nil {
			t.Fatal(err)
		}
	}
}

func TestThereIsATransactionOnlyInAnUpdateOfThisPackage(t *testing.T) {
	s := open(t, pgtest.Database(t)).Metadata()
	if _, ok := postgres.Transaction(nil); ok {
		t.Error("there is one of nothing")
	}
	if _, ok := postgres.Transaction(wrapped{}); ok {
		t.Error("there is one of a wrapper around nothing")
	}
	if err := s.Update(t.Context(), func(tx metadata.Tx) error {
		if _, ok := postgres.Transaction(hidden{tx}); ok {
			t.Error("there is one behind what does not say so")
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}
