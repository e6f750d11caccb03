package postgres

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/jobs/internal/backend"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/postgres"
)

//go:embed migrations/*.sql
var migrations embed.FS

// versionTable is where goose writes down which migrations of ours a database has.
const versionTable = "jobs_schema_version"

// Migrate implements backend.Database. Of several processes that start together one
// does it.
func (d *database) Migrate(ctx context.Context) error {
	tx, err := d.pool.Begin(ctx)
	if err != nil {
		return postgres.Error(ctx, "begin to migrate jobs", err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // it holds the lock, and nothing else
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('streamgate jobs'), hashtext(current_schema()))`); err != nil {
		return postgres.Error(ctx, "wait for other processes", err)
	}
	m, err := rivermigrate.New(d.river, &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return fmt.Errorf("read the migrations of River: %w", err)
	}
	if _, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return postgres.Error(ctx, "migrate the tables of River", err)
	}
	if err := d.migrateOwn(ctx); err != nil {
		return err
	}
	_, err = d.pool.Exec(ctx, backend.DueIndex)
	return postgres.Error(ctx, "index jobs", err)
}

func (d *database) migrateOwn(ctx context.Context) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	db := stdlib.OpenDBFromPool(d.pool)
	defer func() { _ = db.Close() }() // the pool stays
	p, err := goose.NewProvider(goose.DialectPostgres, db, files,
		goose.WithTableName(versionTable),
		goose.WithDisableGlobalRegistry(true),
		goose.WithSlog(slog.New(slog.DiscardHandler)))
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	has, wants, err := p.GetVersions(ctx)
	if err != nil {
		return postgres.Error(ctx, "read the schema version of jobs", err)
	}
	if has > wants {
		return problem.Errorf(metadata.ErrUnavailable,
			"the jobs in the database have schema version %d and this program knows only %d: a newer version of the program wrote it; run that one, or restore a backup", has, wants)
	}
	_, err = p.Up(ctx)
	return postgres.Error(ctx, "migrate the tables of jobs", err)
}
