package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/internal/record"
)

// The kinds of tombstones.
const (
	assetKind  = "asset"
	uploadKind = "upload"
)

// tx implements metadata.Tx.
type tx struct {
	reader
	sql       *sql.Tx
	makesRoom bool // bytes go once it is committed
}

func newTx(sqlTx *sql.Tx, prepared statements) *tx {
	bind := func(ctx context.Context, text string) *sql.Stmt { return sqlTx.StmtContext(ctx, prepared[text]) }
	return &tx{reader: reader{bind, whole}, sql: sqlTx}
}

// whole lets a statement begin only while ctx lives, and never be interrupted: to
// interrupt a write makes SQLite undo the whole transaction, which is not one
// Update's alone.
func whole(ctx context.Context) context.Context {
	if ctx.Err() != nil {
		return ctx
	}
	return context.WithoutCancel(ctx)
}

// exec runs a statement that is about the transaction itself.
func (t *tx) exec(text string) error {
	_, err := t.sql.ExecContext(context.Background(), text)
	return failed(text, err)
}

func (t *tx) InsertAsset(ctx context.Context, a *metadata.Asset) error {
	if err := record.CheckAsset(a); err != nil {
		return err
	}
	now := record.Micro(time.Now())
	created := record.FirstTime(a.CreatedAt, now)
	args, err := assetArgs(a)
	if err != nil {
		return failed("encode an asset", err)
	}
	if err := t.insert(ctx, insertAsset, assetKind, a.ID, created, now, args); err != nil {
		return err
	}
	a.Version, a.CreatedAt, a.UpdatedAt = 1, created, now
	return nil
}

func (t *tx) UpdateAsset(ctx context.Context, a *metadata.Asset) error {
	if err := record.CheckAsset(a); err != nil {
		return err
	}
	args, err := assetArgs(a)
	if err != nil {
		return failed("encode an asset", err)
	}
	now := record.Micro(time.Now())
	created, err := t.update(ctx, updateAsset, selectAssetVers, a.Version, now, args, a.ID, noAsset)
	if err != nil {
		return err
	}
	a.Version, a.CreatedAt, a.UpdatedAt = a.Version+1, created, now
	return nil
}

func (t *tx) DeleteAsset(ctx context.Context, id string) error {
	return t.remove(ctx, deleteAsset, id, noAsset)
}

func (t *tx) InsertUpload(ctx context.Context, u *metadata.Upload) error {
	if err := record.CheckUpload(u); err != nil {
		return err
	}
	if err := t.needAsset(ctx, u); err != nil {
		return err
	}
	now := record.Micro(time.Now())
	created := record.FirstTime(u.CreatedAt, now)
	args, err := uploadArgs(u)
	if err != nil {
		return failed("encode an upload", err)
	}
	if err := t.insert(ctx, insertUpload, uploadKind, u.ID, created, now, args); err != nil {
		return err
	}
	u.Version, u.CreatedAt, u.UpdatedAt, u.ExpiresAt = 1, created, now, record.Micro(u.ExpiresAt)
	return nil
}

func (t *tx) UpdateUpload(ctx context.Context, u *metadata.Upload) error {
	t.makesRoom = t.makesRoom || u.State == metadata.UploadCanceled || u.State == metadata.UploadFailed
	if err := record.CheckUpload(u); err != nil {
		return err
	}
	if err := t.needAsset(ctx, u); err != nil {
		return err
	}
	args, err := uploadArgs(u)
	if err != nil {
		return failed("encode an upload", err)
	}
	now := record.Micro(time.Now())
	created, err := t.update(ctx, updateUpload, selectUploadVers, u.Version, now, args, u.ID, noUpload)
	if err != nil {
		return err
	}
	u.Version, u.CreatedAt, u.UpdatedAt, u.ExpiresAt = u.Version+1, created, now, record.Micro(u.ExpiresAt)
	return nil
}

// needAsset looks for the asset of an upload that becomes one.
func (t *tx) needAsset(ctx context.Context, u *metadata.Upload) error {
	if u.Part() {
		return nil
	}
	_, err := t.version(ctx, selectAssetVers, u.Asset, noAsset)
	return err
}

func (t *tx) DeleteUpload(ctx context.Context, id string) error {
	return t.remove(ctx, deleteUpload, id, noUpload)
}

func (t *tx) insert(ctx context.Context, text, kind, id string, created, now time.Time, args []any) error {
	var one int
	switch err := t.stmt(ctx, selectTombstone).QueryRowContext(t.live(ctx), kind, id).Scan(&one); {
	case err == nil:
		return problem.Errorf(metadata.ErrGone, "the %s %q was deleted; its id stays gone", kind, id)
	case !errors.Is(err, sql.ErrNoRows):
		return failed("look for a tombstone", err)
	}
	args = append(args, sql.Named("created_at", created.UnixMicro()), sql.Named("now", now.UnixMicro()))
	n, err := affected(t.stmt(ctx, text).ExecContext(t.live(ctx), args...))
	if err == nil && n == 0 {
		return problem.Errorf(metadata.ErrExists, "there is an %s %q already", kind, id)
	}
	return failed("insert an "+kind, err)
}

// update returns when the row was created.
func (t *tx) update(ctx context.Context, text, versionText string, version int64, now time.Time, args []any,
	id string, none func(string) error,
) (time.Time, error) {
	args = append(args, sql.Named("version", version), sql.Named("now", now.UnixMicro()))
	var created int64
	err := t.stmt(ctx, text).QueryRowContext(t.live(ctx), args...).Scan(&created)
	if !errors.Is(err, sql.ErrNoRows) {
		return record.FromMicro(created), failed("update", err)
	}
	has, err := t.version(ctx, versionText, id, none)
	if err != nil {
		return time.Time{}, err
	}
	return time.Time{}, problem.Errorf(metadata.ErrConflict, "%q has version %d by now, not %d; read it again", id, has, version)
}

func (t *tx) remove(ctx context.Context, text, id string, none func(string) error) error {
	t.makesRoom = true
	n, err := affected(t.stmt(ctx, text).ExecContext(t.live(ctx), id))
	if err == nil && n == 0 {
		return none(id)
	}
	return failed("delete", err)
}

func (t *tx) version(ctx context.Context, text, id string, none func(string) error) (v int64, err error) {
	err = t.stmt(ctx, text).QueryRowContext(t.live(ctx), id).Scan(&v)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, none(id)
	}
	return v, failed("read a version", err)
}

func affected(res sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}
