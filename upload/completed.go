package upload

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
)

// Completed is an upload whose bytes are all committed, as OnComplete gets it.
type Completed struct {
	Upload *metadata.Upload // State is UploadComplete; Key is where the bytes are
	Asset  *metadata.Asset  // State is Processing; Source is what it was before, or ""
	Files  storage.Store
	Meta   metadata.Store

	Transcoder  bool            // Options.Transcoder
	Waits       WaitsFunc       // Options.Waits; may be nil
	Replaced    WaitsFunc       // Options.Replaced; may be nil
	Cut         media.Cut       // Options.Cut
	MaxDuration time.Duration   // Options.MaxDuration; 0: any
	Recorder    events.Recorder // may be nil

	pending *completion // is written together with what is decided, or nil
	decided *family     // as it was written
}

// WaitsFunc is told, in the transaction that says so, of an asset that waits for the
// transcoder and of the upload whose file is to be transcoded, or of one that is not to
// be transcoded any more. What it does is of that transaction, and its error undoes it.
// Both are as they were written, and it may change them further.
type WaitsFunc func(ctx context.Context, tx metadata.Tx, a *metadata.Asset, u *metadata.Upload) error

func (up *Uploader) completed(u *metadata.Upload, a *metadata.Asset) *Completed {
	return &Completed{
		Upload: u, Asset: a, Files: up.files, Meta: up.meta,
		Transcoder: up.o.Transcoder, Waits: up.o.Waits, Replaced: up.o.Replaced, Cut: up.o.Cut, MaxDuration: up.o.MaxDuration, Recorder: up.o.Recorder,
	}
}

// Inspect is the function of that name with the options of the Uploader, for a file
// that came another way: of an upload that is complete, and whose row says so.
// ErrNotFound where the asset is gone, storage.ErrBusy while another process does so, or
// Recover of this one, and once Drain was called.
func (up *Uploader) Inspect(ctx context.Context, u *metadata.Upload) error {
	done, err := up.inspecting(ctx, u)
	if err != nil {
		return fmt.Errorf("upload: inspecting %s: %w", u.ID, err)
	}
	defer done()
	a, err := up.meta.Asset(ctx, u.Asset)
	if err != nil {
		return fmt.Errorf("upload: inspecting %s: %w", u.ID, err)
	}
	return Inspect(ctx, up.completed(u, a))
}

// inspecting keeps others from an upload until done is called: two that look at the same
// file take each other's index away. No request has what the transcoder made.
func (up *Uploader) inspecting(ctx context.Context, u *metadata.Upload) (done func(), err error) {
	release := func() {}
	if isMade(u) {
		h, err := up.holds.take(u.ID)
		if err != nil {
			return nil, problem.Because(storage.ErrBusy, err, "it is inspected already, or the server shuts down")
		}
		release = h.release
	}
	free, err := up.claims.take(ctx, u.ID)
	if errors.Is(err, ErrLocked) {
		err = problem.Because(storage.ErrBusy, err, "another process inspects it")
	}
	if err != nil {
		release()
		return nil, err
	}
	return func() { free(); release() }, nil
}

// runOnComplete calls OnComplete for an upload that this process holds, and
// returns upload and asset as they are then. A failure of OnComplete leaves the
// asset Processing, for Recover: the upload itself has succeeded.
func (up *Uploader) runOnComplete(ctx context.Context, u *metadata.Upload) (*metadata.Upload, *metadata.Asset, error) {
	_, a, err := up.both(ctx, u)
	if err != nil {
		return nil, nil, err
	}
	_ = up.look(ctx, up.completed(u, a), up.o.OnComplete) // it is logged
	now, a, err := up.both(ctx, u)
	if err != nil { // deleted meanwhile, most likely: then there is nothing to process
		return nil, nil, err
	}
	return now, a, nil
}

// look calls what looks at a file, for as long as that may take.
func (up *Uploader) look(ctx context.Context, c *Completed, at func(context.Context, *Completed) error) error {
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), up.o.CompleteTimeout)
	defer cancel()
	err := at(limited, c)
	if err != nil {
		up.o.Logger.ErrorContext(ctx, "an upload is complete but could not be processed now",
			"upload", c.Upload.ID, "asset", c.Upload.Asset, "error", err)
	}
	return err
}

// both reads the rows of an upload and its asset.
func (up *Uploader) both(ctx context.Context, u *metadata.Upload) (*metadata.Upload, *metadata.Asset, error) {
	now, err := up.meta.Upload(ctx, u.ID)
	if err == nil {
		var a *metadata.Asset
		if a, err = up.meta.Asset(ctx, u.Asset); err == nil {
			return now, a, nil
		}
	}
	if errors.Is(err, metadata.ErrNotFound) {
		return nil, nil, problem.Because(ErrNotFound, err, "it was deleted while it was processed")
	}
	return nil, nil, fmt.Errorf("upload: reading %s and its asset: %w", u.ID, err)
}
