package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/internal/record"
)

// querier is a pool of connections, or a transaction.
type querier interface {
	Query(ctx context.Context, text string, args ...any) (pgx.Rows, error)
}

// reader implements metadata.Reader.
type reader struct {
	on      querier
	timeout time.Duration
	renew   func() // makes connections anew after one was lost; nil in a transaction
}

// rows reads all of a statement. What was lost with its connection is read again.
func rows[T any](ctx context.Context, r reader, doing, text string, scan pgx.RowToFunc[T], args ...any) ([]T, error) {
	list, err := once(ctx, r, text, scan, args)
	if err != nil && lost(err) && r.renew != nil && ctx.Err() == nil {
		r.renew()
		list, err = once(ctx, r, text, scan, args)
	}
	if err != nil {
		return nil, failed(ctx, doing, err)
	}
	if len(list) == 0 {
		return nil, nil
	}
	return list, nil
}

func once[T any](ctx context.Context, r reader, text string, scan pgx.RowToFunc[T], args []any) ([]T, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, r.timeout, errSlow)
	defer cancel()
	found, err := r.on.Query(ctx, text, args...)
	if err != nil {
		return nil, timely(ctx, err)
	}
	list, err := pgx.CollectRows(found, scan)
	return list, timely(ctx, err)
}

// timely says so where err came because time was up.
func timely(ctx context.Context, err error) error {
	if err != nil && errors.Is(context.Cause(ctx), errSlow) {
		return fmt.Errorf("%w: %w", errSlow, err)
	}
	return err
}

// row reads the only row of a statement, pgx.ErrNoRows where there is none.
func row[T any](ctx context.Context, r reader, doing, text string, scan pgx.RowToFunc[T], args ...any) (one T, err error) {
	list, err := rows(ctx, r, doing, text, scan, args...)
	if err == nil && len(list) == 0 {
		err = pgx.ErrNoRows
	}
	if err != nil {
		return one, err
	}
	return list[0], nil
}

func (r reader) Asset(ctx context.Context, id string) (*metadata.Asset, error) {
	if !record.IsText(id) { // nothing is called so, and the server would refuse to look
		return nil, noAsset(id)
	}
	a, err := row(ctx, r, "read an asset", selectAsset, scanAsset, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, noAsset(id)
	}
	return a, err
}

func (r reader) Upload(ctx context.Context, id string) (*metadata.Upload, error) {
	if !record.IsText(id) {
		return nil, noUpload(id)
	}
	u, err := row(ctx, r, "read an upload", selectUpload, scanUpload, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, noUpload(id)
	}
	return u, err
}

func (r reader) UploadsOf(ctx context.Context, asset string) ([]*metadata.Upload, error) {
	if !record.IsText(asset) {
		return nil, nil
	}
	return rows(ctx, r, "list the uploads of an asset", selectUploadsOf, scanUpload, asset)
}

func (r reader) OpenUploads(ctx context.Context, after string, limit int) ([]*metadata.Upload, error) {
	return rows(ctx, r, "list open uploads", selectUploadsOn, scanUpload, after, max(limit, 0))
}

func (r reader) Transcodes(ctx context.Context, q metadata.TranscodeQuery) ([]*metadata.Upload, error) {
	if !record.IsText(q.Owner) || !record.IsText(q.BeforeID) {
		return nil, nil
	}
	text, args := selectTranscodes, []any{record.Before(q.Before), q.BeforeID, q.Unplayed, max(q.Limit, 0)}
	if q.Owner != "" {
		text, args = selectTranscodesOf, append(args, q.Owner)
	}
	return rows(ctx, r, "list transcodes", text, scanUpload, args...)
}

func (r reader) AssetsIn(ctx context.Context, s metadata.State, after string, limit int) ([]*metadata.Asset, error) {
	return rows(ctx, r, "list assets by state", selectAssetsIn, scanAsset, s, after, max(limit, 0))
}

func (r reader) UndecidedAssets(ctx context.Context, after string, limit int) ([]*metadata.Asset, error) {
	return rows(ctx, r, "list undecided assets", selectUndecided, scanAsset, after, max(limit, 0))
}

func (r reader) WaitingAssets(ctx context.Context, after string, limit int) ([]*metadata.Asset, error) {
	return rows(ctx, r, "list assets that wait", selectWaiting, scanAsset, after, max(limit, 0))
}

func (r reader) Usage(ctx context.Context, owner string) (metadata.Usage, error) {
	if !record.IsText(owner) {
		return metadata.Usage{}, nil
	}
	return row(ctx, r, "sum up the open uploads of an owner", selectUsage, func(row pgx.CollectableRow) (u metadata.Usage, err error) {
		return u, row.Scan(&u.Open, &u.OpenBytes)
	}, owner)
}

func (r reader) Stored(ctx context.Context, owner string) (int64, error) {
	if !record.IsText(owner) {
		return 0, nil
	}
	return row(ctx, r, "sum up what an owner has stored", selectStored, pgx.RowTo[int64], owner)
}

func noAsset(id string) error {
	return problem.Errorf(metadata.ErrNotFound, "there is no asset %q", id)
}

func noUpload(id string) error {
	return problem.Errorf(metadata.ErrNotFound, "there is no upload %q", id)
}
