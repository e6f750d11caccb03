package sqlite

import (
	"context"
	"embed"
	"fmt"
	"log/slog"

	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/streamgate/streamgate/internal/schema"
	"github.com/streamgate/streamgate/jobs/internal/backend"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/sqlite"
)

//go:embed migrations/*.sql
var migrations embed.FS

// own is what is kept of jobs beside the tables of River.
var own = schema.Schema{
	Of: "the table of jobs", Dialect: goose.DialectSQLite3, Files: migrations, Versions: "jobs_schema_version",
	Newer: metadata.ErrUnavailable, Failed: sqlite.Error,
}

// Migrate implements backend.Database.
func (d *database) Migrate(ctx context.Context) error {
	m, err := rivermigrate.New(riversqlite.New(d.writer), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return fmt.Errorf("read the migrations of River: %w", err)
	}
	if _, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return sqlite.Error("migrate the tables of River", err)
	}
	if err := own.Migrate(ctx, d.writer); err != nil {
		return err
	}
	_, err = d.writer.ExecContext(ctx, backend.DueIndex)
	return sqlite.Error("index jobs", err)
}
