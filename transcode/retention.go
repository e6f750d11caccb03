package transcode

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/streamgate/streamgate/metadata"
)

// keptEnded is how many transcodes of an asset stay that have ended, whenever that was:
// who tries again and again what fails does not fill the database.
const keptEnded = 10

// forgettable reports whether a transcode has ended and nothing plays of it. That of
// what plays goes with its asset, or when another file takes its place: as long as it
// is there, Needs knows what the original is good for.
func forgettable(u *metadata.Upload) (bool, error) {
	if u.Protocol != metadata.ProtocolTranscode {
		return false, nil
	}
	r, err := recordOf(u)
	if err != nil {
		return false, err
	}
	return !r.going(u) && !r.lost(u) && (u.State != metadata.UploadComplete || u.Key == ""), nil
}

// forget removes transcodes that ended longer ago than Options.Retention.
func (t *Transcoder) forget(ctx context.Context) error {
	if t.o.Retention < 0 {
		return nil
	}
	long := time.Now().Add(-t.o.Retention)
	var errs []error
	for q := (metadata.TranscodeQuery{Before: long, Unplayed: true, Limit: recoverPage}); ; {
		page, err := t.Metadata.Transcodes(ctx, q)
		if err != nil {
			return errors.Join(append(errs, fmt.Errorf("transcode: listing what ended long ago: %w", err))...)
		}
		for _, u := range page {
			q.Before, q.BeforeID = u.CreatedAt, u.ID
			if ok, err := forgettable(u); err != nil || !ok || !u.UpdatedAt.Before(long) {
				errs = append(errs, err)
				continue
			}
			errs = append(errs, t.forgetOne(ctx, u))
		}
		if len(page) < q.Limit {
			return errors.Join(errs...)
		}
	}
}

// forgetOne removes a transcode, unless somebody else has, or has changed it.
func (t *Transcoder) forgetOne(ctx context.Context, was *metadata.Upload) error {
	err := t.Metadata.Update(ctx, func(tx metadata.Tx) error {
		u, err := tx.Upload(ctx, was.ID)
		if err != nil || u.Version != was.Version {
			return err
		}
		return tx.DeleteUpload(ctx, u.ID)
	})
	if errors.Is(err, metadata.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("transcode: removing %s, which ended long ago: %w", was.ID, err)
	}
	return nil
}

// thin removes the oldest transcodes of an asset that have ended, beyond keptEnded. What
// they may have left in storage is removed by their tasks, which need no row for that.
func (t *Transcoder) thin(ctx context.Context, tx metadata.Tx, asset string) error {
	uploads, err := tx.UploadsOf(ctx, asset)
	if err != nil {
		return err
	}
	var ended []string // oldest first
	for _, u := range uploads {
		ok, err := forgettable(u)
		if err != nil {
			return err
		}
		if ok {
			ended = append(ended, u.ID)
		}
	}
	for _, id := range ended[:max(len(ended)-keptEnded, 0)] {
		if err := tx.DeleteUpload(ctx, id); err != nil {
			return err
		}
	}
	return nil
}
