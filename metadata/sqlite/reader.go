package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/metadata"
)

// reader implements metadata.Reader over the pool of readers, or inside a
// transaction, which is what stmt decides.
type reader struct {
	stmt func(ctx context.Context, text string) *sql.Stmt
}

func (r reader) Asset(ctx context.Context, id string) (*metadata.Asset, error) {
	a, err := scanAsset(r.stmt(ctx, selectAsset).QueryRowContext(ctx, id))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, noAsset(id)
	}
	return a, failed("read an asset", err)
}

func (r reader) Upload(ctx context.Context, id string) (*metadata.Upload, error) {
	u, err := scanUpload(r.stmt(ctx, selectUpload).QueryRowContext(ctx, id))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, noUpload(id)
	}
	return u, failed("read an upload", err)
}

func (r reader) UploadsOf(ctx context.Context, asset string) ([]*metadata.Upload, error) {
	rows, err := r.stmt(ctx, selectUploadsOf).QueryContext(ctx, asset)
	list, err := all(rows, err, scanUpload)
	return list, failed("list the uploads of an asset", err)
}

func (r reader) OpenUploads(ctx context.Context, after string, limit int) ([]*metadata.Upload, error) {
	rows, err := r.stmt(ctx, selectUploadsIn).QueryContext(ctx, metadata.UploadOpen, after, max(limit, 0))
	list, err := all(rows, err, scanUpload)
	return list, failed("list open uploads", err)
}

func (r reader) AssetsIn(ctx context.Context, s metadata.State, after string, limit int) ([]*metadata.Asset, error) {
	rows, err := r.stmt(ctx, selectAssetsIn).QueryContext(ctx, s, after, max(limit, 0))
	list, err := all(rows, err, func(row scanner) (*metadata.Asset, error) { return scanAsset(row) })
	return list, failed("list assets by state", err)
}

func (r reader) Usage(ctx context.Context, owner string) (metadata.Usage, error) {
	var u metadata.Usage
	err := r.stmt(ctx, selectUsage).QueryRowContext(ctx, owner).Scan(&u.Open, &u.OpenBytes, &u.Stored)
	return u, failed("sum up what an owner has", err)
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
