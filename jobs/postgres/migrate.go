package postgres

import (
	"context"
	"embed"
	"fmt"
	"log/slog"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/streamgate/streamgate/internal/schema"
	"github.com/streamgate/streamgate/jobs/internal/backend"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/postgres"
)

//go:embed migrations/*.sql
var migrations embed.FS

// own is what is kept of jobs beside the tables of River.
func own(ctx context.Context) *schema.Schema {
	return &schema.Schema{
		Of: "the table of jobs", Dialect: goose.DialectPostgres, Files: migrations, Versions: "jobs_schema_version",
		Newer: metadata.ErrUnavailable, Failed: func(doing string, err error) error { return postgres.Error(ctx, doing, err) },
	}
}

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
	db := stdlib.OpenDBFromPool(d.pool)
	defer func() { _ = db.Close() }() // the pool stays
	if err := own(ctx).Migrate(ctx, db); err != nil {
		return err
	}
	_, err = d.pool.Exec(ctx, backend.DueIndex)
	return postgres.Error(ctx, "index jobs", err)
}
