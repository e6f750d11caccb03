package pgtest_test

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/streamgate/streamgate/internal/pgtest"
)

func TestCopiesHaveWhatTheTemplateHasAndNothingOfEachOther(t *testing.T) {
	fills := 0
	template := pgtest.Template{Fill: func(ctx context.Context, dsn string) error {
		fills++
		return execute(ctx, dsn, "CREATE TABLE rows (n int); INSERT INTO rows VALUES (1)")
	}}
	for range 2 {
		dsn := template.Database(t)
		if err := execute(t.Context(), dsn, "INSERT INTO rows VALUES (2)"); err != nil {
			t.Fatal(err)
		}
		if n := count(t, dsn); n != 2 {
			t.Errorf("there are %d rows, want the template's and its own", n)
		}
	}
	if fills != 1 {
		t.Errorf("it was filled %d times", fills)
	}
}

func execute(ctx context.Context, dsn, text string) error {
	c, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	_, err = c.Exec(ctx, text)
	return errors.Join(err, c.Close(ctx))
}

func count(t *testing.T, dsn string) (n int) {
	t.Helper()
	c, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(c.QueryRow(t.Context(), "SELECT count(*) FROM rows").Scan(&n), c.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
	return n
}
