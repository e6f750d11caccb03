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
	from, err := t.came(ctx, w)
	if err == nil && w.Straight != "" {
		from = file{key: w.Straight, kind: media.TypeMatroska}
	}
	if err == nil && from.key == "" {
		err = problem.Errorf(ErrSource, "the file as it came is not kept any more")
	}
	if err == nil {
		in, done, err = t.open(ctx, &from)
	}
	if err != nil {
		return in, nil, fmt.Errorf("transcode: opening the file of %s: %w", w.upload.ID, err)
	}
	return in, done, nil
}

// open opens a file for ffmpeg; where the store has none, that is a copy, which all
// tasks here share. Call done after.
func (t *Transcoder) open(ctx context.Context, from *file) (in ffmpeg.Input, done func(), err error) {
	in = ffmpeg.Input{Type: from.kind}
	if opener, ok := t.Files.(storage.FileOpener); ok {
		f, err := opener.OpenFile(ctx, from.key)
		if err != nil {
			return in, nil, err
		}
		in.File = f
		return in, func() { _ = f.Close() }, nil // it was only read
	}
	far, err := t.remote(ctx, from.key, from.sum)
	if err != nil {
		return in, nil, err
	}
	c, err := t.Programs.Copy(ctx, far)
	if errors.Is(err, ffmpeg.ErrBusy) {
		err = errors.Join(errNoRoom, err)
	}
	if err != nil {
		return in, nil, err
	}
	in.Path = c.Path
	return in, c.Close, nil
}

// errNoRoom means that others have the room for a copy.
var errNoRoom = errors.New("transcode: there is no room for a copy of the file now")

// A file is one in storage that is transcoded.
type file struct {
	key  string // "" where it is not kept
	kind media.Type
	sum  string // its SHA-256 in hex, "" where it is not known
}

// came is the file that is transcoded.
func (t *Transcoder) came(ctx context.Context, w *work) (file, error) {
	id := w.upload.Metadata[metaOf]
	if id == "" {
		return cameOf(w.asset), nil
	}
	of, err := t.Metadata.Upload(ctx, id)
	switch {
	case errors.Is(err, metadata.ErrNotFound):
		return file{}, errOver
	case err != nil:
		return file{}, err
	case of.Key != "": // it waits behind another file, which plays
		return file{of.Key, media.Type(of.Type), of.SHA256}, nil
	}
	return file{w.asset.Kept(), media.Type(of.Type), w.asset.SHA256}, nil
}

// cameOf is the file of an asset that plays, as near to how it came as is kept.
func cameOf(a *metadata.Asset) file {
	if a.Kept() == "" {
		return file{key: a.Source, kind: media.TypeMP4}
	}
	return file{a.Kept(), media.Type(a.Type), a.SHA256}
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
