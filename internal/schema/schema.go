// Package schema brings a database to the tables that a program knows.
package schema

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/pressly/goose/v3"

	"github.com/streamgate/streamgate/internal/problem"
)

// A Schema is what a package keeps in a database.
type Schema struct {
	// Of is what the tables are about, for sentences: "the database".
	Of string
	// Dialect is that of the database.
	Dialect goose.Dialect
	// Files are its migrations, in the folder "migrations".
	Files fs.FS
	// Versions is the table in which stands which of them a database has.
	Versions string
	// Newer is the kind of the error of a database that a newer program wrote.
	Newer error
	// Failed makes an error of the database one of the package.
	Failed func(doing string, err error) error
}

// Migrate brings db to s. It refuses one that a newer program wrote, whose rules this
// one does not know, and leaves it as it is. Callers see to it that one process does
// it at a time.
func (s *Schema) Migrate(ctx context.Context, db *sql.DB) error {
	files, err := fs.Sub(s.Files, "migrations")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(s.Dialect, db, files,
		goose.WithTableName(s.Versions),
		goose.WithDisableGlobalRegistry(true),
		goose.WithSlog(slog.New(slog.DiscardHandler)))
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	has, wants, err := p.GetVersions(ctx)
	if err != nil {
		return s.Failed("read the schema version of "+s.Of, err)
	}
	if has > wants {
		return problem.Errorf(s.Newer,
			"%s has schema version %d and this program knows only %d: a newer version of the program wrote it; run that one, or restore a backup", s.Of, has, wants)
	}
	_, err = p.Up(ctx)
	return s.Failed("migrate "+s.Of, err)
}
