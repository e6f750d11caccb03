package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/streamgate/streamgate/events"
)

// channel is where processes with the same tables tell each other of events. A
// notification without a payload says that there is something in the outbox.
const channel = `('streamgate_' || hashtext(coalesce(current_schema(), '')))`

func (p *place) channel() string { return fmt.Sprintf("streamgate_%d", p.lock) }

const (
	selectLast  = `SELECT coalesce(max(id), 0) FROM outbox`
	selectSince = `SELECT ` + eventColumns + ` FROM outbox WHERE id > $1 ORDER BY id LIMIT $2`

	clock    = `CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint)`
	takeLead = `INSERT INTO outbox_lead (who, until) VALUES ($1, ` + clock + ` + $2)
		ON CONFLICT (one) DO UPDATE SET who = excluded.who, until = excluded.until
		WHERE outbox_lead.who = excluded.who OR outbox_lead.until < ` + clock
	leaveLead = `DELETE FROM outbox_lead WHERE who = $1`

	notifyAll = `SELECT pg_notify(` + channel + `, told) FROM unnest($1::text[]) AS told`
)

const (
	// maxTold is how large a notification may be, in bytes: the server takes 7999.
	maxTold = 7900
	// silentFor is how long to wait for a notification until the server is asked
	// whether it is there.
	silentFor = 30 * time.Second
)

var _ events.Shared = outbox{}

func (o outbox) Last(ctx context.Context) (int64, error) {
	return row(ctx, o.store.reader, "read the last event", selectLast, pgx.RowTo[int64])
}

func (o outbox) Since(ctx context.Context, id int64, limit int) ([]events.Event, error) {
	return rows(ctx, o.store.reader, "read events", selectSince, scanEvent, id, max(limit, 0))
}

func (o outbox) Lead(ctx context.Context, who string, d time.Duration) (bool, error) {
	n, err := o.store.exec(ctx, "ask who handles events", takeLead, who, d.Microseconds())
	return n > 0, err
}

func (o outbox) Resign(ctx context.Context, who string) error {
	_, err := o.store.exec(ctx, "leave events to others", leaveLead, who)
	return err
}

// told is an event on its way to other processes.
type told struct {
	From  string          `json:"from"`
	Owner string          `json:"owner"`
	Event events.Event    `json:"event"`
	Aside json.RawMessage `json:"aside,omitempty"`
}

func (o outbox) Tell(ctx context.Context, who string, list []events.Event) error {
	var texts []string
	for _, e := range list {
		text, err := json.Marshal(told{who, e.Owner, e, e.Aside})
		if err != nil {
			return failed(ctx, "encode an event", err)
		}
		if len(text) <= maxTold {
			texts = append(texts, string(text))
		}
	}
	if len(texts) == 0 {
		return nil
	}
	_, err := o.store.exec(ctx, "tell other processes", notifyAll, texts)
	return err
}

func (o outbox) Listen(ctx context.Context, who string, hear func(events.Event), woken func()) error {
	c, done, err := o.store.ear(ctx)
	if err != nil {
		return failed(ctx, "listen", err)
	}
	defer done()
	if _, err := c.Exec(ctx, "LISTEN "+pgx.Identifier{o.store.channel}.Sanitize()); err != nil {
		return failed(ctx, "listen", err)
	}
	woken() // for what came before
	for {
		n, err := await(ctx, c)
		switch {
		case err != nil:
			return failed(ctx, "listen", err)
		case n == nil:
		case n.Payload == "":
			woken()
		default:
			var t told
			if json.Unmarshal([]byte(n.Payload), &t) == nil && t.From != who { // else it is no event
				t.Event.Owner, t.Event.Aside = t.Owner, t.Aside
				hear(t.Event)
			}
		}
	}
}

// ear opens a connection beside the pool. Those of the pool ask the server to end what
// is given up, which does nothing to one that waits to be told something.
func (s *store) ear(ctx context.Context) (*pgx.Conn, func(), error) {
	config := s.pool.Config()
	config.ConnConfig.BuildContextWatcherHandler = func(c *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.DeadlineContextWatcherHandler{Conn: c.Conn()}
	}
	config.MinConns, config.MaxConns = 0, 1
	pool, err := pgxpool.NewWithConfig(context.WithoutCancel(ctx), config)
	if err != nil {
		return nil, nil, err
	}
	c, err := pool.Acquire(ctx)
	if err != nil {
		pool.Close()
		return nil, nil, err
	}
	return c.Conn(), func() { c.Release(); pool.Close() }, nil
}

// await waits for a notification. Where there is none for long, the server is asked for
// a sign of life.
func await(ctx context.Context, c *pgx.Conn) (*pgconn.Notification, error) {
	patient, cancel := context.WithTimeout(ctx, silentFor)
	defer cancel()
	n, err := c.WaitForNotification(patient)
	if err == nil || ctx.Err() != nil || !errors.Is(patient.Err(), context.DeadlineExceeded) {
		return n, err
	}
	patient, cancel = context.WithTimeout(ctx, silentFor)
	defer cancel()
	return nil, c.Ping(patient)
}
