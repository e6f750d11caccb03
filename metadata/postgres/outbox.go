package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/metadata/internal/record"
)

const eventColumns = `id, type, time, owner, actor, asset, upload, request_id, data`

const (
	selectPending   = `SELECT ` + eventColumns + ` FROM outbox WHERE NOT delivered AND id > $1 ORDER BY id LIMIT $2`
	selectAfter     = `SELECT ` + eventColumns + ` FROM outbox WHERE owner = $1 AND id > $2 ORDER BY id LIMIT $3`
	markDelivered   = `UPDATE outbox SET delivered = true WHERE NOT delivered AND id = ANY ($1)`
	deleteDelivered = `DELETE FROM outbox WHERE delivered AND time < $1`
)

// outbox implements events.Log. Ids rise in the order of commits, because whoever
// takes one holds the lock of Update, in whatever process, until it has committed:
// who has seen an id never misses a lower one.
type outbox struct{ store *store }

// Emit implements metadata.Tx.
func (t *tx) Emit(ctx context.Context, e *events.Event) error {
	if err := record.CheckText([]string{string(e.Type), e.Owner, e.Actor, e.Asset, e.Upload, e.RequestID}); err != nil {
		return err
	}
	if err := fits("the owner", e.Owner, maxOwner); err != nil {
		return err
	}
	data, err := record.Encode(e.Data)
	if err != nil {
		return failed(ctx, "encode an event", err)
	}
	at := record.FirstTime(e.Time, record.Micro(time.Now()))
	id, err := row(ctx, t.reader, "emit an event", insertEvent, pgx.RowTo[int64],
		e.Type, at.UnixMicro(), e.Owner, e.Actor, e.Asset, e.Upload, e.RequestID, data[0])
	if err != nil {
		return err
	}
	t.wrote = true
	e.ID, e.Time = id, at
	return nil
}

func (o outbox) Pending(ctx context.Context, after int64, limit int) ([]events.Event, error) {
	return rows(ctx, o.store.reader, "read pending events", selectPending, scanEvent, after, max(limit, 0))
}

func (o outbox) After(ctx context.Context, owner string, id int64, limit int) ([]events.Event, error) {
	if !record.IsText(owner) {
		return nil, nil
	}
	return rows(ctx, o.store.reader, "replay events", selectAfter, scanEvent, owner, id, max(limit, 0))
}

func (o outbox) Delivered(ctx context.Context, ids ...int64) error {
	if len(ids) == 0 {
		return nil
	}
	_, err := o.store.exec(ctx, "mark events delivered", markDelivered, ids)
	return err
}

func (o outbox) Purge(ctx context.Context, before time.Time) (int, error) {
	n, err := o.store.exec(ctx, "purge events", deleteDelivered, record.Micro(before).UnixMicro())
	return int(n), err
}

func scanEvent(row pgx.CollectableRow) (e events.Event, err error) {
	var at int64
	err = row.Scan(&e.ID, &e.Type, &at, &e.Owner, &e.Actor, &e.Asset, &e.Upload, &e.RequestID, new(record.JSON(&e.Data)))
	e.Time = record.FromMicro(at)
	return e, err
}
