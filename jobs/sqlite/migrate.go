package sqlite

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/jobs/internal/backend"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/sqlite"
)

//go:embed migrations/*.sql
var migrations embed.FS

// versionTable is where goose writes down which migrations of ours a database has.
const versionTable = "jobs_schema_version"

// Migrate implements backend.Database.
func (d *database) Migrate(ctx context.Context) error {
	m, err := rivermigrate.New(riversqlite.New(d.writer), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return fmt.Errorf("read the migrations of River: %w", err)
	}
	if _, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return sqlite.Error("migrate the tables of River", err)
	}
	if err := d.migrateOwn(ctx); err != nil {
		return err
	}
	_, err = d.writer.ExecContext(ctx, backend.DueIndex)
	return sqlite.Error("index jobs", err)
}

func (d *database) migrateOwn(ctx context.Context) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, d.writer, files,
		goose.WithTableName(versionTable),
		goose.WithDisableGlobalRegistry(true),
		goose.WithSlog(slog.New(slog.DiscardHandler)))
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	has, wants, err := p.GetVersions(ctx)
	if err != nil {
		return sqlite.Error("read the schema version of jobs", err)
	}
	if has > wants {
		return problem.Errorf(metadata.ErrUnavailable,
			"the jobs in the database have schema version %d and this program knows only %d: a newer version of the program wrote it; run that one, or restore a backup", has, wants)
	}
	_, err = p.Up(ctx)
	return sqlite.Error("migrate the tables of jobs", err)
}
