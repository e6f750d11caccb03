package upload

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/rendition"
	"github.com/streamgate/streamgate/storage"
)

// Inspect finds out what is in the file and brings the asset to its next state;
// it is made for Options.OnComplete. A file that HLS carries gets its index
// written beside it and the asset is Ready and playable. One that it cannot
// carry waits for the transcoder where there is one. All else is Failed, with
// the reason in Asset.Error. An asset that plays something else, or has another
// file on its way, then stays as it is: the upload alone is failed, with the
// reason. Of several files the last that becomes ready is the one that plays.
//
// A file that is to be a rendition of what the asset plays (Upload.Rendition) is
// cut where that is and plays beside it, in place of the one that had its name;
// where it does not fit, the upload alone is failed. A new source ends what was
// made after the old one.
//
// A file that waits is kept as Asset.Settling.Original, and the asset has no Source
// until the transcoder has made one: an upload of metadata.ProtocolTranscode, whose
// Metadata "of" names the upload that it was made of. Inspect takes that as it does
// any other, but for what is said of the file, which stays that of the one that came.
//
// What an asset is made of (Source, Index, Revision, size, sum and type) changes
// in one transaction, together with its state and with the events that have what
// is left in storage removed: see metadata.RemoveFiles.
//
// The error is about the stores or ctx only, never about the file.
func Inspect(ctx context.Context, c *Completed) error {
	err := c.inspect(ctx)
	if errors.Is(err, metadata.ErrNotFound) || errors.Is(err, storage.ErrNotFound) {
		if _, gone := c.Meta.Asset(ctx, c.Upload.Asset); errors.Is(gone, metadata.ErrNotFound) {
			return c.clear(ctx) // deleted meanwhile
		}
	}
	if err != nil {
		return fmt.Errorf("upload: inspecting %s: %w", c.Upload.ID, err)
	}
	return nil
}

func (c *Completed) inspect(ctx context.Context) error {
	if c.Upload.Rendition != "" {
		return c.inspectRendition(ctx)
	}
	if isMade(c.Upload) {
		if taken, err := c.isTaken(ctx); taken || err != nil {
			return err
		}
	}
	index, err := c.parse(ctx)
	switch {
	case err == nil && c.tooLong(index):
		err = c.reject(ctx, fmt.Sprintf("it lasts %s; files of up to %s are taken here", lasting(index).Round(time.Second), c.MaxDuration))
	case err == nil:
		err = c.ready(ctx, index)
	case errors.Is(err, media.ErrUnsupported) && c.Transcoder && !isMade(c.Upload):
		err = c.wait(ctx, sentence(err))
	case aboutFile(err):
		err = c.reject(ctx, sentence(err))
	}
	return err
}

// isTaken says whether the asset plays what was made already, or the file that was to
// be inspected was rewritten since.
func (c *Completed) isTaken(ctx context.Context) (bool, error) {
	f, err := familyOf(ctx, c.Meta, c.Upload)
	return err == nil && (!f.other() || f.own.Key != c.Upload.Key), err
}

func (c *Completed) tooLong(index *media.Index) bool {
	return c.MaxDuration > 0 && lasting(index) > c.MaxDuration
}

func lasting(index *media.Index) time.Duration {
	return time.Duration(index.Duration * float64(time.Second))
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
	_, local := c.Files.(storage.FileOpener)
	index, err := media.Parse(ctx, blob, blob.Info().Size, &media.Options{Cut: c.Cut, Remote: !local})
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
	return c.change(ctx, map[string]any{"duration": index.Duration}, func(f *family) events.Type {
		f.take()
		a := f.asset
		a.State, a.Playable, a.Error = metadata.Ready, true, ""
		if f.pending() {
			a.State = metadata.Processing // and plays already
		}
		if !f.awaits() {
			a.Waiting, a.Reason = "", ""
		}
		a.Index = IndexKey(a.ID, f.own.ID)
		a.Revision = index.Revision(a.SourceID())
		grown := slices.DeleteFunc(a.Renditions, func(r metadata.Rendition) bool { return !r.Growing() || r.Growth != a.Growth })
		a.Duration, a.Tracks, a.Renditions = index.Duration, rendition.Tracks(index), append(renditionsOf(index), grown...)
		return events.AssetReady
	})
}

func (c *Completed) wait(ctx context.Context, reason string) error {
	return c.change(ctx, map[string]any{"waiting": metadata.WaitTranscoder, "reason": reason}, func(f *family) events.Type {
		a := f.asset
		switch {
		case f.isSeenTo(f.own):
			return "" // said already, and what the asset says is the transcoder's by now
		case !f.plays():
			f.take()
			f.setAside()
			a.Playable, a.Error, a.Duration, a.Tracks, a.Renditions = false, "", 0, nil, nil
		case c.Waits == nil && a.Waiting != "":
			return "" // there is nobody to be told of another one
		}
		a.State, a.Waiting, a.Reason = metadata.Processing, metadata.WaitTranscoder, reason
		f.waits = true
		return events.AssetUpdated
	})
}

// reject fails the asset, or only the upload where the asset has something else.
func (c *Completed) reject(ctx context.Context, reason string) error {
	return c.change(ctx, map[string]any{"error": reason}, func(f *family) events.Type {
		a := f.asset
		if state := f.without(); state != metadata.Failed || f.own.Rendition != "" {
			f.drop(reason)
			a.State = state
			return events.UploadRefused
		}
		f.take()
		a.State, a.Playable, a.Error, a.Waiting, a.Reason = metadata.Failed, false, reason, "", ""
		return events.AssetFailed
	})
}
