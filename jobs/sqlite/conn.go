package sqlite

import (
	"context"
	"database/sql"

	"github.com/riverqueue/river/riverdriver"

	"github.com/streamgate/streamgate/jobs/internal/backend"
	"github.com/streamgate/streamgate/metadata/sqlite"
)

// conn implements backend.Conn, in a transaction or over the pool of readers.
type conn struct {
	on    statements
	river riverdriver.Executor
	tx    bool
}

type statements interface {
	ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error)
}

func (c *conn) River() riverdriver.Executor { return c.river }

func (c *conn) Now() string { return `CAST(unixepoch('subsec') * 1000000 AS INTEGER)` }

// live keeps statements in a transaction from being interrupted, which would undo
// what others have written in it.
func (c *conn) live(ctx context.Context) context.Context {
	if c.tx && ctx.Err() == nil {
		return context.WithoutCancel(ctx)
	}
	return ctx
}

func (c *conn) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	res, err := c.on.ExecContext(c.live(ctx), text, args...)
	if err != nil {
		return 0, sqlite.Error("change jobs", err)
	}
	return res.RowsAffected()
}

func (c *conn) Query(ctx context.Context, scan func(row backend.Row) error, text string, args ...any) error {
	rows, err := c.on.QueryContext(c.live(ctx), text, args...)
	if err != nil {
		return sqlite.Error("read jobs", err)
	}
	defer func() { _ = rows.Close() }() // Err has told already
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return sqlite.Error("read jobs", rows.Err())
}
