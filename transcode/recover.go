package transcode

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/streamgate/streamgate/jobs"
	"github.com/streamgate/streamgate/metadata"
)

// Recover has those assets transcoded that wait for it and of which no transcode is
// under way: there was no transcoder when they came. And it ends transcodes that no
// task sees to any more: one was cancelled by an operator, or took its process with it
// each time. What ended longer ago than Options.Retention it removes, once an hour. Call it once the
// Queue has been started, and now and then: the first time it tries the hardware that
// profiles want, too.
func (t *Transcoder) Recover(ctx context.Context) error {
	t.once.Do(func() { t.accelerate(ctx) })
	all := t.isTime(time.Now())
	errs := []error{t.recoverAssets(ctx), t.endAbandoned(ctx, all)}
	if all {
		errs = append(errs, t.forget(ctx))
	}
	return errors.Join(errs...)
}

func (t *Transcoder) recoverAssets(ctx context.Context) error {
	var errs []error
	for after := ""; ; {
		page, err := t.Metadata.WaitingAssets(ctx, after, recoverPage)
		if err != nil {
			return errors.Join(append(errs, fmt.Errorf("transcode: listing assets that wait: %w", err))...)
		}
		for _, a := range page {
			after = a.ID
			if err := t.recover(ctx, a.ID); err != nil && !errors.Is(err, ErrUnder) && !errors.Is(err, ErrNotFound) {
				errs = append(errs, err)
			}
		}
		if len(page) < recoverPage {
			return errors.Join(errs...)
		}
	}
}

const recoverPage = 100

func (t *Transcoder) recover(ctx context.Context, id string) error {
	return t.Metadata.Update(ctx, func(tx metadata.Tx) error {
		a, err := tx.Asset(ctx, id)
		if err != nil || a.Waiting == "" {
			return err
		}
		of, err := t.eligible(ctx, tx, a)
		if err != nil || of == "" {
			return err
		}
		if a.Source != "" { // from before it was kept so
			if err := setAside(ctx, tx, a); err != nil {
				return err
			}
			if err := tx.UpdateAsset(ctx, a); err != nil {
				return err
			}
		}
		_, err = t.begin(ctx, tx, a, of, &record{Profile: defaultProfile}, jobs.Normal)
		return err
	})
}
