package transcode

import (
	"context"
	"errors"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/rendition"
)

const joinAttempts = 3

// join has a rung play beside what the asset plays, or sound.
func (t *Transcoder) join(ctx context.Context, w *work, at int, key string, size int64) error {
	name, growth := w.Rungs[at].Name, ""
	if w.Rungs[at].Shown {
		growth = w.upload.ID
	}
	for range joinAttempts {
		a, err := t.Metadata.Asset(ctx, w.upload.Asset)
		if errors.Is(err, metadata.ErrNotFound) {
			return errOver
		}
		if err != nil {
			return err
		}
		made, err := rendition.Prepare(ctx, t.Files, a, rendition.File{
			Name: name, Key: key, Index: rungIndex(key), Growth: growth, Cut: t.o.Cut, Sound: w.Rungs[at].Sound,
		})
		if err != nil {
			return err
		}
		made.Size = size
		err = t.update(ctx, w, false, func(tx metadata.Tx, u *metadata.Upload, r *record) error {
			x := &r.Rungs[at]
			if !x.Shown { // or who has read the asset before, and this row after, would miss it
				u.SetRenditionOffset(name, 0)
			}
			x.State, x.Joined, x.Shown = metadata.Ready, Joined{}, false
			return t.joinTx(ctx, tx, a, made)
		})
		if !errors.Is(err, errMoved) {
			return err
		}
	}
	return errMoved
}

var errMoved = errors.New("transcode: what the asset plays has changed meanwhile")

func (t *Transcoder) joinTx(ctx context.Context, tx metadata.Tx, was *metadata.Asset, made metadata.Rendition) error {
	a, err := tx.Asset(ctx, was.ID)
	if err != nil {
		return err
	}
	if a.Revision != was.Revision {
		return errMoved
	}
	if made.Growth != "" && a.Rendition(made.Name) < 0 {
		return problem.Errorf(ErrOutput, reasonDeleted)
	}
	old, err := a.SetRendition(made)
	if err != nil {
		return err
	}
	e := &events.Event{Type: events.AssetUpdated, Owner: a.Owner, Asset: a.ID, Data: map[string]any{"rendition": made.Name}}
	if old.Source != "" && old.Source != made.Source {
		if err := metadata.Release(ctx, tx, a.ID, old.Source); err != nil {
			return err
		}
		e.Data["keys"] = old.Keys()
	}
	if err := tx.UpdateAsset(ctx, a); err != nil {
		return err
	}
	return tx.Emit(ctx, e)
}
