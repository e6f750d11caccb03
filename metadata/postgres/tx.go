package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

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

	pg    pgx.Tx
	wrote bool // or somebody may have
}

// Transaction returns the transaction of the database below a metadata.Tx that an
// Update of this package gave out, for what else is to commit with it: jobs, or
// tables of the application's own. It sees through wrappers with a method Unwrap()
// metadata.Tx. Updates that waited for each other may share it: whoever gets it
// neither commits nor undoes it, and takes a savepoint (Begin) around what may fail,
// since a statement that fails ends the transaction. false where there is none.
func Transaction(mtx metadata.Tx) (pgx.Tx, bool) {
	for mtx != nil {
		if t, ok := mtx.(*tx); ok {
			t.wrote = true
			return t.pg, true
		}
		wrapper, ok := mtx.(interface{ Unwrap() metadata.Tx })
		if !ok {
			return nil, false
		}
		mtx = wrapper.Unwrap()
	}
	return nil, false
}

func (t *tx) InsertAsset(ctx context.Context, a *metadata.Asset) error {
	if err := checkAsset(a); err != nil {
		return err
	}
	args, err := assetArgs(a)
	if err != nil {
		return failed(ctx, "encode an asset", err)
	}
	now := record.Micro(time.Now())
	created := record.FirstTime(a.CreatedAt, now)
	n, err := t.exec(ctx, "insert an asset", insertAsset, append(args, created.UnixMicro(), now.UnixMicro())...)
	if err == nil && n == 0 {
		err = t.whyNot(ctx, assetKind, a.ID)
	}
	if err != nil {
		return err
	}
	a.Version, a.CreatedAt, a.UpdatedAt = 1, created, now
	return nil
}

func (t *tx) UpdateAsset(ctx context.Context, a *metadata.Asset) error {
	if err := checkAsset(a); err != nil {
		return err
	}
	args, err := assetArgs(a)
	if err != nil {
		return failed(ctx, "encode an asset", err)
	}
	now := record.Micro(time.Now())
	created, err := row(ctx, t.reader, "update an asset", updateAsset, pgx.RowTo[int64], append(args, now.UnixMicro(), a.Version)...)
	if errors.Is(err, pgx.ErrNoRows) {
		err = t.conflict(ctx, selectAssetVers, a.ID, a.Version, noAsset)
	}
	if err != nil {
		return err
	}
	t.wrote = true
	a.Version, a.CreatedAt, a.UpdatedAt = a.Version+1, record.FromMicro(created), now
	return nil
}

func (t *tx) DeleteAsset(ctx context.Context, id string) error {
	return t.remove(ctx, deleteAsset, id, noAsset)
}

func (t *tx) InsertUpload(ctx context.Context, u *metadata.Upload) error {
	if err := checkUpload(u); err != nil {
		return err
	}
	args, err := uploadArgs(u)
	if err != nil {
		return failed(ctx, "encode an upload", err)
	}
	now := record.Micro(time.Now())
	created := record.FirstTime(u.CreatedAt, now)
	n, err := t.exec(ctx, "insert an upload", insertUpload, append(args, created.UnixMicro(), now.UnixMicro())...)
	if err == nil && n == 0 {
		if err = t.needAsset(ctx, u); err == nil {
			err = t.whyNot(ctx, uploadKind, u.ID)
		}
	}
	if err != nil {
		return err
	}
	u.Version, u.CreatedAt, u.UpdatedAt, u.ExpiresAt = 1, created, now, record.Micro(u.ExpiresAt)
	return nil
}

func (t *tx) UpdateUpload(ctx context.Context, u *metadata.Upload) error {
	if err := checkUpload(u); err != nil {
		return err
	}
	args, err := uploadArgs(u)
	if err != nil {
		return failed(ctx, "encode an upload", err)
	}
	now := record.Micro(time.Now())
	created, err := row(ctx, t.reader, "update an upload", updateUpload, pgx.RowTo[int64], append(args, now.UnixMicro(), u.Version)...)
	if errors.Is(err, pgx.ErrNoRows) {
		if err = t.needAsset(ctx, u); err == nil {
			err = t.conflict(ctx, selectUploadVers, u.ID, u.Version, noUpload)
		}
	}
	if err != nil {
		return err
	}
	t.wrote = true
	u.Version, u.CreatedAt, u.UpdatedAt, u.ExpiresAt = u.Version+1, record.FromMicro(created), now, record.Micro(u.ExpiresAt)
	return nil
}

func (t *tx) DeleteUpload(ctx context.Context, id string) error {
	return t.remove(ctx, deleteUpload, id, noUpload)
}

// exec runs a statement and says how many rows it changed.
func (t *tx) exec(ctx context.Context, doing, text string, args ...any) (int64, error) {
	timed, cancel := context.WithTimeoutCause(ctx, t.timeout, errSlow)
	defer cancel()
	tag, err := t.pg.Exec(timed, text, args...)
	t.wrote = t.wrote || tag.RowsAffected() > 0
	return tag.RowsAffected(), failed(ctx, doing, timely(timed, err))
}

// needAsset looks for the asset of an upload that becomes one.
func (t *tx) needAsset(ctx context.Context, u *metadata.Upload) error {
	if u.Part() {
		return nil
	}
	_, err := row(ctx, t.reader, "read a version", selectAssetVers, pgx.RowTo[int64], u.Asset)
	if errors.Is(err, pgx.ErrNoRows) {
		return noAsset(u.Asset)
	}
	return err
}

// whyNot says why an insert did nothing.
func (t *tx) whyNot(ctx context.Context, kind, id string) error {
	gone, err := row(ctx, t.reader, "look for a tombstone", selectTombstone, pgx.RowTo[bool], kind, id)
	switch {
	case err != nil:
		return err
	case gone:
		return problem.Errorf(metadata.ErrGone, "the %s %q was deleted; its id stays gone", kind, id)
	}
	return problem.Errorf(metadata.ErrExists, "there is an %s %q already", kind, id)
}

// conflict says why an update of a version did nothing.
func (t *tx) conflict(ctx context.Context, text, id string, version int64, none func(string) error) error {
	has, err := row(ctx, t.reader, "read a version", text, pgx.RowTo[int64], id)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return none(id)
	case err != nil:
		return err
	}
	return problem.Errorf(metadata.ErrConflict, "%q has version %d by now, not %d; read it again", id, has, version)
}

func (t *tx) remove(ctx context.Context, text, id string, none func(string) error) error {
	if !record.IsText(id) {
		return none(id)
	}
	n, err := t.exec(ctx, "delete", text, id)
	if err == nil && n == 0 {
		return none(id)
	}
	return err
}

func checkAsset(a *metadata.Asset) error {
	if err := record.CheckAsset(a); err != nil {
		return err
	}
	for _, tag := range a.Tags {
		if err := fits("a tag", tag, maxTag); err != nil {
			return err
		}
	}
	return errors.Join(fits("the id", a.ID, maxID), fits("the owner", a.Owner, maxOwner))
}

func checkUpload(u *metadata.Upload) error {
	if err := record.CheckUpload(u); err != nil {
		return err
	}
	return errors.Join(fits("the id", u.ID, maxID), fits("the owner", u.Owner, maxOwner))
}
