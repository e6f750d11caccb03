package upload

import (
	"context"
	"fmt"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
)

// Completed is an upload whose bytes are all committed, as OnComplete gets it.
type Completed struct {
	Upload *metadata.Upload // State is UploadComplete; Key is where the bytes are
	Asset  *metadata.Asset  // State is Processing
	Files  storage.Store
	Meta   metadata.Store

	Transcoder bool            // Options.Transcoder
	Cut        media.Cut       // Options.Cut
	Recorder   events.Recorder // may be nil
}

// runOnComplete calls OnComplete for an upload that this process holds, and
// returns the asset as it is then. A failure of OnComplete leaves the asset
// Processing, for Recover: the upload itself has succeeded.
func (up *Uploader) runOnComplete(ctx context.Context, u *metadata.Upload) (*metadata.Asset, error) {
	a, err := up.meta.Asset(ctx, u.Asset)
	if err != nil {
		return nil, fmt.Errorf("upload: reading asset %s: %w", u.Asset, err)
	}
	if up.o.OnComplete == nil {
		return a, nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), up.o.CompleteTimeout)
	defer cancel()
	err = up.o.OnComplete(ctx, &Completed{
		Upload: u, Asset: a, Files: up.files, Meta: up.meta,
		Transcoder: up.o.Transcoder, Cut: up.o.Cut, Recorder: up.o.Recorder,
	})
	if err != nil {
		up.o.Logger.ErrorContext(ctx, "an upload is complete but could not be processed now",
			"upload", u.ID, "asset", u.Asset, "error", err)
		return a, nil
	}
	a, err = up.meta.Asset(ctx, u.Asset)
	if err != nil {
		return nil, fmt.Errorf("upload: reading asset %s: %w", u.Asset, err)
	}
	return a, nil
}
