package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/metadata"
)

// lockClass is what advisory locks of this package begin with ("SGMD").
const lockClass = 0x53474d44

// place is where the tables are: a schema of a database.
type place struct {
	schema string
	lock   int32 // who holds it writes; other schemas have others
	lazy   bool  // the server acknowledges what it has not synced
}

func placeOf(ctx context.Context, pool *pgxpool.Pool) (p place, err error) {
	var schema *string // NULL where none of the search_path is there
	var encoding, sync string
	err = pool.QueryRow(ctx, `SELECT current_schema(), hashtext(coalesce(current_schema(), '')),
		current_setting('server_encoding'), current_setting('synchronous_commit')`).Scan(&schema, &p.lock, &encoding, &sync)
	switch {
	case err != nil:
		return p, failed(ctx, "look where the tables are", err)
	case schema == nil:
		return p, problem.Errorf(metadata.ErrUnavailable, "the database has no schema of the connection's search_path; create one")
	case encoding != "UTF8":
		return p, problem.Errorf(metadata.ErrUnavailable, "the database is in %s; create one WITH ENCODING 'UTF8' TEMPLATE template0", encoding)
	}
	p.schema, p.lazy = *schema, sync == "off"
	return p, nil
}

// take is the statement that waits for the turn of whoever writes, until the end of
// the transaction.
func (p *place) take() string {
	return fmt.Sprintf("SELECT pg_advisory_xact_lock(%d, %d)", lockClass, p.lock)
}

// begin begins a transaction of Update, in one message. Each of its statements sees
// what was committed before it: so those after the lock see all of the Updates
// before, which is why a higher level of isolation would be wrong here.
func (p *place) begin(o *Options) string {
	text := "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; " +
		fmt.Sprintf("SET LOCAL idle_in_transaction_session_timeout = %d; ", o.Timeout.Milliseconds()) +
		fmt.Sprintf("SET LOCAL lock_timeout = %d; ", o.Wait.Milliseconds())
	if p.lazy {
		text += "SET LOCAL synchronous_commit = on; "
	}
	return text + p.take()
}
