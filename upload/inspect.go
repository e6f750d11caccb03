package upload

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/internal/requestid"
	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
)

// Inspect finds out what is in the file and brings the asset to its next state;
// it is made for Options.OnComplete. A file that HLS carries gets its index
// written beside it and the asset is Ready and playable. One that it cannot
// carry waits for the transcoder where there is one. All else is Failed, with
// the reason in Asset.Error; an asset that was playable before then keeps what
// it plays, is Ready again, and the upload carries the reason.
//
// The error is about the stores or ctx only, never about the file.
func Inspect(ctx context.Context, c *Completed) error {
	index, err := c.parse(ctx)
	switch {
	case err == nil:
		err = c.ready(ctx, index)
	case errors.Is(err, media.ErrUnsupported) && c.Transcoder:
		err = c.wait(ctx, sentence(err))
	case aboutFile(err):
		err = c.reject(ctx, sentence(err))
	}
	if errors.Is(err, metadata.ErrNotFound) {
		return c.clear(ctx) // deleted meanwhile
	}
	if err != nil {
		return fmt.Errorf("upload: inspecting %s: %w", c.Upload.ID, err)
	}
	return nil
}

// clear removes what was written for an asset that was deleted meanwhile: the
// event of its deletion may have been acted on before.
func (c *Completed) clear(ctx context.Context) error {
	for _, key := range []string{c.Upload.Key, IndexKey(c.Upload.Asset, c.Upload.ID)} {
		if err := c.Files.Delete(ctx, key); err != nil {
			return fmt.Errorf("upload: removing %s of a deleted asset: %w", key, err)
		}
	}
	return nil
}

func aboutFile(err error) bool {
	for _, kind := range []error{media.ErrInvalid, media.ErrEncrypted, media.ErrNoMedia, media.ErrUnsupported} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// parse reads the file and stores its index.
func (c *Completed) parse(ctx context.Context) (*media.Index, error) {
	blob, err := c.Files.Open(ctx, c.Upload.Key)
	if err != nil {
		return nil, err
	}
	defer blob.Close() //nolint:errcheck // it was only read
	index, err := media.Parse(ctx, blob, blob.Info().Size, &media.Options{Cut: c.Cut})
	if err != nil {
		return nil, err
	}
	return index, c.store(ctx, index)
}

// store writes the index, in place of what an earlier attempt may have left.
func (c *Completed) store(ctx context.Context, index *media.Index) error {
	key := IndexKey(c.Upload.Asset, c.Upload.ID)
	draft, err := c.Files.Create(ctx, key)
	if errors.Is(err, storage.ErrExists) {
		if err := c.Files.Delete(ctx, key); err != nil {
			return err
		}
		draft, err = c.Files.Create(ctx, key)
	}
	if err != nil {
		return err
	}
	defer draft.Close() //nolint:errcheck // after Commit nothing is left to fail, before it that error counts
	if _, err := index.WriteTo(draft); err != nil {
		return err
	}
	return draft.Commit(ctx)
}

func (c *Completed) ready(ctx context.Context, index *media.Index) error {
	before, err := c.change(ctx, events.AssetReady, map[string]any{"duration": index.Duration}, func(a *metadata.Asset) {
		adopt(a, c.Upload)
		a.State, a.Playable, a.Error, a.Waiting, a.Reason = metadata.Ready, true, "", "", ""
		a.Index = IndexKey(a.ID, c.Upload.ID)
		a.Revision = index.Revision(identity(a))
		a.Duration, a.Tracks, a.Renditions = index.Duration, tracksOf(index), renditionsOf(index)
	})
	if err != nil {
		return err
	}
	return c.removeOld(ctx, before)
}

// identity names the source of an asset for Index.Revision, as package hls does.
func identity(a *metadata.Asset) string {
	if a.SHA256 != "" {
		return a.SHA256
	}
	return fmt.Sprintf("%s %s %d", a.ID, a.Source, a.Size)
}

func (c *Completed) wait(ctx context.Context, reason string) error {
	before, err := c.change(ctx, events.AssetUpdated, map[string]any{"waiting": metadata.WaitTranscoder, "reason": reason}, func(a *metadata.Asset) {
		adopt(a, c.Upload)
		a.State, a.Playable, a.Error = metadata.Processing, false, ""
		a.Waiting, a.Reason = metadata.WaitTranscoder, reason
		a.Duration, a.Tracks, a.Renditions = 0, nil, nil
	})
	if err != nil {
		return err
	}
	return c.removeOld(ctx, before)
}

// reject fails the asset, or only the upload where something else plays.
func (c *Completed) reject(ctx context.Context, reason string) error {
	data := map[string]any{"error": reason}
	if !c.replaces(c.Asset) {
		_, err := c.change(ctx, events.AssetFailed, data, func(a *metadata.Asset) {
			a.State, a.Playable, a.Error, a.Waiting, a.Reason = metadata.Failed, false, reason, "", ""
		})
		return err
	}
	_, err := c.change(ctx, events.UploadRefused, data, func(a *metadata.Asset) { a.State = metadata.Ready })
	if err != nil {
		return err
	}
	return c.Files.Delete(ctx, c.Upload.Key)
}

// replaces says whether the asset plays something that is not this upload.
func (c *Completed) replaces(a *metadata.Asset) bool {
	return a.Playable && a.Source != c.Upload.Key
}

// change is one transaction over the asset and its event, and for a refused
// upload its row. It returns the asset as it was before.
func (c *Completed) change(ctx context.Context, t events.Type, data map[string]any, fn func(*metadata.Asset)) (*metadata.Asset, error) {
	e := events.Event{Type: t, Time: time.Now(), Owner: c.Upload.Owner, Asset: c.Upload.Asset, Upload: c.Upload.ID, RequestID: requestid.FromContext(ctx), Data: data}
	if c.Recorder != nil {
		if err := c.Recorder.Record(ctx, e); err != nil {
			return nil, err
		}
	}
	var before *metadata.Asset
	err := c.Meta.Update(ctx, func(tx metadata.Tx) error {
		a, err := tx.Asset(ctx, c.Upload.Asset)
		if err != nil {
			return err
		}
		before = a.Clone()
		fn(a)
		if err := tx.UpdateAsset(ctx, a); err != nil {
			return err
		}
		if t == events.UploadRefused {
			if err := refuseRow(ctx, tx, c.Upload.ID, data["error"]); err != nil {
				return err
			}
		}
		out := e
		return tx.Emit(ctx, &out)
	})
	return before, err
}

func refuseRow(ctx context.Context, tx metadata.Tx, id string, reason any) error {
	u, err := tx.Upload(ctx, id)
	if err != nil {
		return err
	}
	u.State = metadata.UploadFailed
	u.Error, _ = reason.(string)
	return tx.UpdateUpload(ctx, u)
}

// removeOld removes the file that this upload has replaced. Whoever has it open
// reads on.
func (c *Completed) removeOld(ctx context.Context, before *metadata.Asset) error {
	for _, key := range []string{before.Source, before.Index} {
		if key == "" || key == c.Upload.Key || key == IndexKey(before.ID, c.Upload.ID) {
			continue
		}
		if err := c.Files.Delete(ctx, key); err != nil {
			return problem.Because(storage.ErrUnavailable, err, "the replaced file could not be removed")
		}
	}
	return nil
}
