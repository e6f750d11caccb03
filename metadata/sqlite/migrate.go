package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/pressly/goose/v3"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/metadata"
)

//go:embed migrations/*.sql
var migrations embed.FS

// versionTable is where goose writes down which migrations a database has.
const versionTable = "schema_version"

// migrate brings the database to the schema of this program. It refuses one
// that a newer program wrote, whose rules this one does not know.
func migrate(ctx context.Context, db *sql.DB) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, files,
		goose.WithTableName(versionTable),
		goose.WithDisableGlobalRegistry(true),
		goose.WithSlog(slog.New(slog.DiscardHandler)))
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	has, wants, err := p.GetVersions(ctx)
	if err != nil {
		return failed("read the schema version", err)
	}
	if has > wants {
		return problem.Errorf(metadata.ErrUnavailable,
			"the database has schema version %d and this program knows only %d: a newer version of the program wrote it; run that one, or restore a backup", has, wants)
	}
	_, err = p.Up(ctx)
	return failed("migrate the database", err)
}
