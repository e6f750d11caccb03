package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/metadata/internal/record"
)

const eventColumns = `id, type, time, owner, actor, asset, upload, request_id, data`

// outbox implements events.Log. Ids rise in the order of commits, because
// writers come one after another: who has seen an id never misses a lower one.
type outbox struct{ writer, pool *sql.DB }

// Emit implements metadata.Tx.
func (t *tx) Emit(ctx context.Context, e *events.Event) error {
	if err := record.CheckText([]string{string(e.Type), e.Owner, e.Actor, e.Asset, e.Upload, e.RequestID}); err != nil {
		return err
	}
	data, err := record.Encode(e.Data)
	if err != nil {
		return failed("encode an event", err)
	}
	at := record.FirstTime(e.Time, record.Micro(time.Now()))
	res, err := t.stmt(ctx, insertEvent).ExecContext(t.live(ctx),
		e.Type, at.UnixMicro(), e.Owner, e.Actor, e.Asset, e.Upload, e.RequestID, data[0])
	if err != nil {
		return failed("emit an event", err)
	}
	id, err := res.LastInsertId()
	if err != nil {
		return failed("emit an event", err)
	}
	e.ID, e.Time = id, at
	return nil
}

func (o outbox) Pending(ctx context.Context, after int64, limit int) ([]events.Event, error) {
	rows, err := o.pool.QueryContext(ctx,
		`SELECT `+eventColumns+` FROM outbox WHERE delivered = 0 AND id > ? ORDER BY id LIMIT ?`, after, max(limit, 0))
	list, err := all(rows, err, scanEvent)
	return list, failed("read pending events", err)
}

func (o outbox) After(ctx context.Context, owner string, id int64, limit int) ([]events.Event, error) {
	rows, err := o.pool.QueryContext(ctx,
		`SELECT `+eventColumns+` FROM outbox WHERE owner = ? AND id > ? ORDER BY id LIMIT ?`, owner, id, max(limit, 0))
	list, err := all(rows, err, scanEvent)
	return list, failed("replay events", err)
}

func (o outbox) Delivered(ctx context.Context, ids ...int64) error {
	if len(ids) == 0 {
		return nil
	}
	list, err := json.Marshal(ids)
	if err != nil {
		return failed("encode ids", err)
	}
	_, err = o.exec(ctx, `UPDATE outbox SET delivered = 1 WHERE delivered = 0 AND id IN (SELECT value FROM json_each(?))`, string(list))
	return failed("mark events delivered", err)
}

func (o outbox) Purge(ctx context.Context, before time.Time) (int, error) {
	n, err := affected(o.exec(ctx, `DELETE FROM outbox WHERE delivered = 1 AND time < ?`, record.Micro(before).UnixMicro()))
	return int(n), failed("purge events", err)
}

// exec writes; like Update it waits for other processes.
func (o outbox) exec(ctx context.Context, text string, args ...any) (res sql.Result, err error) {
	err = whileBusy(ctx, func() error {
		res, err = o.writer.ExecContext(ctx, text, args...)
		return err
	})
	return res, err
}

func scanEvent(row scanner) (e events.Event, err error) {
	var at int64
	err = row.Scan(&e.ID, &e.Type, &at, &e.Owner, &e.Actor, &e.Asset, &e.Upload, &e.RequestID, record.JSON(&e.Data))
	e.Time = record.FromMicro(at)
	return e, err
}
