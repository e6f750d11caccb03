package postgres_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/streamgate/streamgate/internal/pgtest"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/postgres"
)

// raise has the server fail with a code, within a transaction.
func raise(t *testing.T, tx metadata.Tx, code string) error {
	t.Helper()
	pg, ok := postgres.Transaction(tx)
	if !ok {
		t.Fatal("there is no transaction")
	}
	_, err := pg.Exec(t.Context(), `DO $$ BEGIN RAISE EXCEPTION 'as in a test' USING ERRCODE = '`+code+`'; END $$`)
	return err
}

func TestErrorsOfTheServerSayWhatIsWrong(t *testing.T) {
	dsn := pgtest.Database(t)
	s := open(t, dsn).Metadata()
	sql(t, dsn, `CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
		$$ BEGIN RAISE EXCEPTION 'as in a test' USING ERRCODE = NEW.title; END $$`,
		`CREATE TRIGGER fail BEFORE INSERT ON assets FOR EACH ROW WHEN (NEW.title <> '') EXECUTE FUNCTION fail()`)
	for code, want := range map[string]error{
		"53100": metadata.ErrFull,        // disk full
		"53200": metadata.ErrUnavailable, // out of memory
		"58030": metadata.ErrUnavailable, // I/O error
		"XX001": metadata.ErrUnavailable, // data corrupted
		"25006": metadata.ErrUnavailable, // read-only: a standby
		"57014": metadata.ErrUnavailable, // statement_timeout
		"40001": metadata.ErrUnavailable, // whenever it is tried
		"54000": metadata.ErrInvalid,     // too large
		"22012": nil,                     // a mistake of ours
	} {
		a := asset("ann")
		a.Title = code
		err := insert(t.Context(), s, a)
		failure, ok := errors.AsType[*pgconn.PgError](err)
		if !ok || failure.Code != code || want != nil && !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v with the server's error as its cause", code, err, want)
		}
	}
	if err := insert(t.Context(), s, asset("ann")); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func TestAnUpdateThatStoodInTheWayOfAnotherRunsAgain(t *testing.T) {
	s := open(t, pgtest.Database(t)).Metadata()
	for _, code := range []string{"40001", "40P01"} {
		a, runs := asset("ann"), 0
		err := s.Update(t.Context(), func(tx metadata.Tx) error {
			if err := tx.InsertAsset(t.Context(), a.Clone()); err != nil {
				return err
			}
			if runs++; runs < 3 {
				return raise(t, tx, code)
			}
			return nil
		})
		if err != nil || runs != 3 {
			t.Errorf("%s: %v after %d runs, want 3", code, err, runs)
		}
	}
}

func TestAFailureThatFnKeepsToItselfUndoesTheTransaction(t *testing.T) {
	s := open(t, pgtest.Database(t)).Metadata()
	a := asset("ann")
	err := s.Update(t.Context(), func(tx metadata.Tx) error {
		if err := tx.InsertAsset(t.Context(), a); err != nil {
			return err
		}
		_ = raise(t, tx, "22012")
		return nil
	})
	if !errors.Is(err, pgx.ErrTxCommitRollback) {
		t.Errorf("Update: %v, want an error", err)
	}
	if _, err := s.Asset(t.Context(), a.ID); !errors.Is(err, metadata.ErrNotFound) {
		t.Errorf("Asset: %v, want ErrNotFound", err)
	}
}

func TestAServerThatDoesNotAnswerIsUnavailableInTime(t *testing.T) {
	dsn := pgtest.Database(t)
	db, err := postgres.Open(t.Context(), dsn, &postgres.Options{Timeout: 500 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s := db.Metadata()
	c, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close(context.Background()) }()
	if _, err := c.Exec(t.Context(), `BEGIN; LOCK TABLE assets`); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Asset(t.Context(), "x"); !errors.Is(err, metadata.ErrUnavailable) {
		t.Errorf("Asset: %v, want ErrUnavailable", err)
	}
	if err := insert(t.Context(), s, asset("ann")); !errors.Is(err, metadata.ErrUnavailable) {
		t.Errorf("Update: %v, want ErrUnavailable", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := s.Search(ctx, metadata.Query{}); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, metadata.ErrUnavailable) {
		t.Errorf("Search of somebody in a hurry: %v, want context.DeadlineExceeded", err)
	}
	if _, err := c.Exec(t.Context(), `ROLLBACK`); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Asset(t.Context(), "x"); !errors.Is(err, metadata.ErrNotFound) {
		t.Errorf("once it answers: %v, want ErrNotFound", err)
	}
}

func TestWhatNoIndexCouldHoldIsRefusedAndTheTransactionGoesOn(t *testing.T) {
	s := open(t, pgtest.Database(t)).Metadata()
	ctx := t.Context()
	longest := asset(strings.Repeat("\U0010ffff", 250))
	longest.ID, longest.Title = strings.Repeat("i", 255), strings.Repeat("\U00020000", 300)
	longest.Tags = []string{strings.Repeat("t", 2000)}
	longest.Description = strings.Repeat("word ", 300_000) + strings.Repeat("w", 5000) + numbers(200_000)
	err := s.Update(ctx, func(tx metadata.Tx) error {
		for name, spoil := range map[string]func(*metadata.Asset){
			"an id":    func(a *metadata.Asset) { a.ID = strings.Repeat("i", 3000) },
			"an owner": func(a *metadata.Asset) { a.Owner = strings.Repeat("o", 3000) },
			"a tag":    func(a *metadata.Asset) { a.Tags = []string{strings.Repeat("t", 9000)} },
		} {
			a := asset("ann")
			spoil(a)
			if err := tx.InsertAsset(ctx, a); !errors.Is(err, metadata.ErrInvalid) {
				t.Errorf("%s: %v, want ErrInvalid", name, err)
			}
		}
		return tx.InsertAsset(ctx, longest)
	})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]int{"word": 1, "wwww": 1, "number1": 1, strings.Repeat("w", 1000): 1, "wor w": 0} {
		page, err := s.Search(ctx, metadata.Query{Text: text})
		if err != nil || len(page.Assets) != want {
			t.Errorf("%.20q: %d, %v; want %d", text, len(page.Assets), err, want)
		}
	}
}
