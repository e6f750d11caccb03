package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivershared/baseservice"
	"github.com/riverqueue/river/rivershared/riverpilot"

	"github.com/streamgate/streamgate/jobs/internal/backend"
)

// client is River's, with a connection beside the pool to listen on. Those of the
// pool ask the server to end what is given up, which does nothing to one that waits
// to be told something, and River gives up waiting all the time.
type client struct {
	*river.Client[pgx.Tx]

	ear *pgxpool.Pool
}

func (d *database) Client(pilot riverpilot.Pilot, config *river.Config) (backend.Client, error) {
	c := d.pool.Config()
	c.ConnConfig.BuildContextWatcherHandler = func(c *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.DeadlineContextWatcherHandler{Conn: c.Conn()}
	}
	c.MinConns, c.MaxConns = 0, 1
	ear, err := pgxpool.NewWithConfig(context.Background(), c)
	if err != nil {
		return nil, fmt.Errorf("jobs: a connection to listen on: %w", err)
	}
	made, err := river.NewClient(&driver{riverpgxv5.New(d.pool), pilot, ear}, config)
	if err != nil {
		ear.Close()
		return nil, err
	}
	return &client{made, ear}, nil
}

func (c *client) Start(ctx context.Context) error {
	err := c.Client.Start(ctx)
	if err != nil {
		c.ear.Close()
	}
	return err
}

func (c *client) Stop(ctx context.Context) error {
	err := c.Client.Stop(ctx)
	if err == nil {
		c.ear.Close()
	}
	return err
}

// driver is River's with a Pilot, which its client asks for so.
type driver struct {
	*riverpgxv5.Driver

	pilot riverpilot.Pilot
	ear   *pgxpool.Pool
}

func (d *driver) PluginInit(*baseservice.Archetype) {}

func (d *driver) PluginPilot() riverpilot.Pilot { return d.pilot }

func (d *driver) GetListener(p *riverdriver.GetListenenerParams) riverdriver.Listener {
	return riverpgxv5.New(d.ear).GetListener(p)
}
