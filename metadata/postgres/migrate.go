package postgres

import (
	"context"
	"embed"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/streamgate/streamgate/internal/schema"
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
	db := stdlib.OpenDBFromPool(pool)
	defer func() { _ = db.Close() }() // the pool stays
	return (&schema.Schema{
		Of: "the database", Dialect: goose.DialectPostgres, Files: migrations, Versions: versionTable,
		Newer: metadata.ErrUnavailable, Failed: func(doing string, err error) error { return failed(ctx, doing, err) },
	}).Migrate(ctx, db)
}
