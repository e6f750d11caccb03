package transcode

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// input opens the file that is transcoded, as ffmpeg can seek in it. Call done after.
func (t *Transcoder) input(ctx context.Context, w *work) (in ffmpeg.Input, done func(), err error) {
	key, kind, err := t.came(ctx, w)
	if err == nil && key == "" {
		err = problem.Errorf(ErrSource, "the file as it came is not kept any more")
	}
	if err != nil {
		return in, nil, err
	}
	file, done, err := t.open(ctx, key)
	if err != nil {
		return in, nil, fmt.Errorf("transcode: opening the file of %s: %w", w.upload.ID, err)
	}
	return ffmpeg.Input{File: file, Type: kind}, done, nil
}

// came is where the file lies that is transcoded, and of which type it is.
func (t *Transcoder) came(ctx context.Context, w *work) (string, media.Type, error) {
	if id := w.upload.Metadata[metaOf]; id != "" {
		of, err := t.Metadata.Upload(ctx, id)
		if errors.Is(err, metadata.ErrNotFound) {
			return "", "", errOver
		}
		if err != nil {
			return "", "", err
		}
		if of.Key != "" { // it waits behind another file, which plays
			return of.Key, media.Type(of.Type), nil
		}
		return w.asset.Kept(), media.Type(of.Type), nil
	}
	key, kind := cameOf(w.asset)
	return key, kind, nil
}

// cameOf is where the file of an asset lies that plays, as near to how it came as is
// kept, and of which type that is.
func cameOf(a *metadata.Asset) (string, media.Type) {
	if a.Kept() == "" {
		return a.Source, media.TypeMP4
	}
	return a.Kept(), media.Type(a.Type)
}

// open opens a blob as a file: where the store has no files, a copy.
func (t *Transcoder) open(ctx context.Context, key string) (*os.File, func(), error) {
	if opener, ok := t.Files.(storage.FileOpener); ok {
		f, err := opener.OpenFile(ctx, key)
		if err != nil {
			return nil, nil, err
		}
		return f, func() { _ = f.Close() }, nil // it was only read
	}
	blob, err := t.Files.Open(ctx, key)
	if err != nil {
		return nil, nil, err
	}
	defer blob.Close() //nolint:errcheck // it was only read
	f, err := os.CreateTemp("", "streamgate-*")
	if err != nil {
		return nil, nil, err
	}
	done := func() { _ = f.Close() }
	err = os.Remove(f.Name()) // it goes with its descriptor
	if err == nil {
		_, err = io.Copy(f, &until{ctx, io.NewSectionReader(blob, 0, blob.Info().Size)})
	}
	if err != nil {
		done()
		return nil, nil, err
	}
	return f, done, nil
}

// until reads until its context ends.
type until struct {
	ctx context.Context //nolint:containedctx // one call's own
	r   io.Reader
}

func (u *until) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.r.Read(p)
}

// keep copies a file into storage.
func (t *Transcoder) keep(ctx context.Context, path, key string) (int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, fmt.Errorf("transcode: opening what ffmpeg wrote: %w", err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	return t.write(ctx, key, func(dst io.Writer) error {
		_, err := io.Copy(dst, &until{ctx, f})
		return err
	})
}

// write makes a blob, in place of what an attempt before may have left.
func (t *Transcoder) write(ctx context.Context, key string, fill func(io.Writer) error) (int64, error) {
	draft, err := t.Files.Create(ctx, key)
	if errors.Is(err, storage.ErrExists) {
		if err := t.Files.Delete(ctx, key); err != nil {
			return 0, err
		}
		draft, err = t.Files.Create(ctx, key)
	}
	if err != nil {
		return 0, err
	}
	err = fill(draft)
	if err == nil {
		err = draft.Commit(ctx)
	}
	size := draft.Size()
	_ = draft.Close() // after Commit nothing is left to fail, before it that error counts
	if err != nil {
		return 0, errors.Join(err, t.Files.Delete(context.WithoutCancel(ctx), key))
	}
	return size, nil
}
