package postgres

import (
	"context"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/riverqueue/river/riverdriver"

	"github.com/streamgate/streamgate/jobs/internal/backend"
	"github.com/streamgate/streamgate/metadata/postgres"
)

// conn implements backend.Conn, in a transaction or over the pool.
type conn struct {
	on    statements
	river riverdriver.Executor
}

type statements interface {
	Exec(ctx context.Context, text string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, text string, args ...any) (pgx.Rows, error)
}

func (c *conn) River() riverdriver.Executor { return c.river }

func (c *conn) Now() string { return `CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint)` }

func (c *conn) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	tag, err := c.on.Exec(ctx, numbered(text), args...)
	return tag.RowsAffected(), postgres.Error(ctx, "change jobs", err)
}

func (c *conn) Query(ctx context.Context, scan func(row backend.Row) error, text string, args ...any) error {
	rows, err := c.on.Query(ctx, numbered(text), args...)
	if err != nil {
		return postgres.Error(ctx, "read jobs", err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return postgres.Error(ctx, "read jobs", rows.Err())
}

// numbered writes $1, $2 and so on for each ? of a statement of package jobs, none
// of which has another.
func numbered(text string) string {
	var b strings.Builder
	for n := 1; ; n++ {
		before, after, found := strings.Cut(text, "?")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(n))
		text = after
	}
}
