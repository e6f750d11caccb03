package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/internal/record"
)

// reader implements metadata.Reader over the pool of readers, or inside a
// transaction, which is what stmt decides.
type reader struct {
	stmt func(ctx context.Context, text string) *sql.Stmt
	live func(ctx context.Context) context.Context // with which a statement runs
}

func (r reader) Asset(ctx context.Context, id string) (*metadata.Asset, error) {
	a, err := scanAsset(r.stmt(ctx, selectAsset).QueryRowContext(r.live(ctx), id))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, noAsset(id)
	}
	return a, failed("read an asset", err)
}

func (r reader) Upload(ctx context.Context, id string) (*metadata.Upload, error) {
	u, err := scanUpload(r.stmt(ctx, selectUpload).QueryRowContext(r.live(ctx), id))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, noUpload(id)
	}
	return u, failed("read an upload", err)
}

func (r reader) UploadsOf(ctx context.Context, asset string) ([]*metadata.Upload, error) {
	rows, err := r.stmt(ctx, selectUploadsOf).QueryContext(r.live(ctx), asset)
	list, err := all(rows, err, scanUpload)
	return list, failed("list the uploads of an asset", err)
}

func (r reader) OpenUploads(ctx context.Context, after string, limit int) ([]*metadata.Upload, error) {
	rows, err := r.stmt(ctx, selectUploadsOn).QueryContext(r.live(ctx), after, max(limit, 0))
	list, err := all(rows, err, scanUpload)
	return list, failed("list open uploads", err)
}

func (r reader) Transcodes(ctx context.Context, q metadata.TranscodeQuery) ([]*metadata.Upload, error) {
	text, args := selectTranscodes, []any{record.Before(q.Before), q.BeforeID, q.Unplayed, max(q.Limit, 0)}
	if q.Owner != "" {
		text, args = selectTranscodesOf, append(args, q.Owner)
	}
	rows, err := r.stmt(ctx, text).QueryContext(r.live(ctx), args...)
	list, err := all(rows, err, scanUpload)
	return list, failed("list transcodes", err)
}

func (r reader) AssetsIn(ctx context.Context, s metadata.State, after string, limit int) ([]*metadata.Asset, error) {
	return r.assets(ctx, "list assets by state", selectAssetsIn, s, after, max(limit, 0))
}

func (r reader) UndecidedAssets(ctx context.Context, after string, limit int) ([]*metadata.Asset, error) {
	return r.assets(ctx, "list undecided assets", selectUndecided, after, max(limit, 0))
}

func (r reader) WaitingAssets(ctx context.Context, after string, limit int) ([]*metadata.Asset, error) {
	return r.assets(ctx, "list assets that wait", selectWaiting, after, max(limit, 0))
}

func (r reader) assets(ctx context.Context, doing, text string, args ...any) ([]*metadata.Asset, error) {
	rows, err := r.stmt(ctx, text).QueryContext(r.live(ctx), args...)
	list, err := all(rows, err, func(row scanner) (*metadata.Asset, error) { return scanAsset(row) })
	return list, failed(doing, err)
}

func (r reader) Usage(ctx context.Context, owner string) (metadata.Usage, error) {
	var u metadata.Usage
	err := r.stmt(ctx, selectUsage).QueryRowContext(r.live(ctx), owner).Scan(&u.Open, &u.OpenBytes)
	return u, failed("sum up the open uploads of an owner", err)
}

func (r reader) Stored(ctx context.Context, owner string) (int64, error) {
	var n int64
	err := r.stmt(ctx, selectStored).QueryRowContext(r.live(ctx), owner).Scan(&n)
	return n, failed("sum up what an owner has stored", err)
}

// all scans every row and closes rows. err is that of the query.
func all[T any](rows *sql.Rows, err error, scan func(scanner) (T, error)) (list []T, _ error) {
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // Err has told already
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, rows.Err()
}

func noAsset(id string) error {
	return problem.Errorf(metadata.ErrNotFound, "there is no asset %q", id)
}

func noUpload(id string) error {
	return problem.Errorf(metadata.ErrNotFound, "there is no upload %q", id)
}
