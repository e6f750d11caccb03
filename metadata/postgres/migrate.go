package postgres

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/metadata"
)

//go:embed migrations/*.sql
var migrations embed.FS

// versionTable is where goose writes down which migrations a database has.
const versionTable = "streamgate_schema_version"

// migrate brings the database to the schema of this program. It refuses one that a
// newer program wrote, whose rules this one does not know. Of several processes
// that start together one does it, and no Update runs meanwhile.
func migrate(ctx context.Context, pool *pgxpool.Pool, at place) error {
	tx, err := pool.Begin(ctx)
	if err != nil {
		return failed(ctx, "begin to migrate", err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // it holds the lock, and nothing else
	if _, err := tx.Exec(ctx, at.take()); err != nil {
		return failed(ctx, "wait for other processes", err)
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	db := stdlib.OpenDBFromPool(pool)
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
		return failed(ctx, "read the schema version", err)
	}
	if has > wants {
		return problem.Errorf(metadata.ErrUnavailable,
			"the database has schema version %d and this program knows only %d: a newer version of the program wrote it; run that one, or restore a backup", has, wants)
	}
	_, err = p.Up(ctx)
	return failed(ctx, "migrate the database", err)
}
