package rendition

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"image/jpeg"
	"math"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
)

// The limits of thumbnails.
const (
	MaxImageBytes = 8 << 20
	MaxImages     = 4096
	maxSide       = 1 << 14 // pixels of an image
)

// SetThumbnails gives an asset thumbnails, in place of those that it has, which
// metadata.RemoveFiles removes. image returns image n, from 0, as JPEG of the size
// that the tiles make; the last may have fewer rows. t says how they are laid out;
// its Largest is set here, and its Prefix where it has none. Who gives one,
// below that of the asset and another each time, finds there what a crash has left
// before the asset referred to it.
//
// Errors match metadata.ErrInvalid where t or an image is not as it should be, or
// metadata.ErrNotFound, or metadata.ErrConflict where the asset got another file meanwhile; or
// are those of image, the stores and ctx. Where there is
// one, the asset has what it had.
func SetThumbnails(ctx context.Context, files storage.Store, meta metadata.Store, assetID string, t metadata.Thumbnails, image func(n int) ([]byte, error)) (err error) {
	if err := check(&t); err != nil {
		return err
	}
	before, err := meta.Asset(ctx, assetID)
	if err != nil {
		return fmt.Errorf("rendition: reading asset %s: %w", assetID, err)
	}
	t.Prefix, t.Largest = cmp.Or(t.Prefix, metadata.NewThumbnailsPrefix(assetID)), 0
	written := 0
	defer func() {
		for n := 0; err != nil && n < written; n++ {
			err = errors.Join(err, files.Delete(context.WithoutCancel(ctx), t.Key(n)))
		}
	}()
	for n := range t.Images() {
		b, err := image(n)
		if err == nil {
			err = checkImage(&t, n, b)
		}
		if err == nil {
			written++
			err = put(ctx, files, t.Key(n), b)
		}
		if err != nil {
			return fmt.Errorf("rendition: image %d of the thumbnails of asset %s: %w", n, assetID, err)
		}
		t.Largest = max(t.Largest, int64(len(b)))
	}
	if err = meta.Update(ctx, func(tx metadata.Tx) error { return swap(ctx, tx, before, &t) }); err == nil {
		return nil
	}
	// A transaction that failed may have been committed all the same.
	switch now, unknown := meta.Asset(context.WithoutCancel(ctx), assetID); {
	case unknown != nil && !errors.Is(unknown, metadata.ErrNotFound):
		written = 0 // they stay, for the asset may refer to them
	case unknown == nil && now.Thumbnails != nil && now.Thumbnails.Prefix == t.Prefix:
		return nil
	}
	return err
}

// swap gives the asset the thumbnails t. Those of a film that it no longer has
// would be pictures of another.
func swap(ctx context.Context, tx metadata.Tx, before *metadata.Asset, t *metadata.Thumbnails) error {
	a, err := tx.Asset(ctx, before.ID)
	switch {
	case err != nil:
		return err
	case a.Revision != before.Revision:
		return problem.Errorf(metadata.ErrConflict, "the asset got another file meanwhile")
	}
	data := map[string]any{"thumbnails": t.Count}
	var left []any
	for _, key := range a.Thumbnails.Keys() {
		left = append(left, key)
	}
	if left != nil {
		data["keys"] = left
	}
	a.Thumbnails = t
	if err := tx.UpdateAsset(ctx, a); err != nil {
		return err
	}
	return tx.Emit(ctx, &events.Event{Type: events.AssetUpdated, Owner: a.Owner, Asset: a.ID, Data: data})
}

func check(t *metadata.Thumbnails) error {
	switch {
	case t.Columns < 1, t.Rows < 1, t.Width < 1, t.Height < 1, t.Count < 1,
		t.Columns > maxSide/t.Width, t.Rows > maxSide/t.Height:
		return invalid("an image of %d×%d tiles of %d×%d pixels, %d in all, is none", t.Columns, t.Rows, t.Width, t.Height, t.Count)
	case math.IsNaN(t.Interval) || t.Interval < 0.01 || t.Interval > 3600:
		return invalid("%v seconds are no interval", t.Interval)
	case t.Count > MaxImages*t.Columns*t.Rows:
		return invalid("%d tiles are more than %d images", t.Count, MaxImages)
	}
	return nil
}

// checkImage looks at the head of an image: what a browser shows as a picture of
// the asset has to be one.
func checkImage(t *metadata.Thumbnails, n int, b []byte) error {
	if len(b) > MaxImageBytes {
		return invalid("it has %d bytes, more than %d", len(b), MaxImageBytes)
	}
	c, err := jpeg.DecodeConfig(bytes.NewReader(b))
	if err != nil {
		return invalid("it is no JPEG: %v", err)
	}
	rows := t.Rows
	if left := t.Count - n*t.Columns*t.Rows; left < t.Columns*t.Rows {
		rows = (left + t.Columns - 1) / t.Columns
	}
	if c.Width != t.Columns*t.Width || c.Height != t.Rows*t.Height && c.Height != rows*t.Height {
		return invalid("it is %d×%d pixels, and its tiles make %d×%d", c.Width, c.Height, t.Columns*t.Width, t.Rows*t.Height)
	}
	return nil
}

func invalid(format string, args ...any) error {
	return problem.Errorf(metadata.ErrInvalid, format, args...)
}

func put(ctx context.Context, files storage.Store, key string, b []byte) error {
	draft, err := files.Create(ctx, key)
	if err != nil {
		return err
	}
	defer draft.Close() //nolint:errcheck // after Commit nothing is left to fail, before it that error counts
	if _, err := draft.Write(b); err != nil {
		return err
	}
	return draft.Commit(ctx)
}
