package transcode

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/jobs"
	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/metadata"
)

// assemble makes what plays of what is there, as far as it goes.
func (t *Transcoder) assemble(ctx context.Context, w *work) error {
	for {
		more, err := t.step(ctx, w)
		if err == nil && !more {
			err = t.rest(ctx, w)
			if err == nil {
				return nil
			}
		}
		if err != nil && !errors.Is(err, errMore) {
			return err
		}
		if err := t.load(ctx, w); err != nil {
			return err
		}
	}
}

// step does the next thing, if there is one to do now.
func (t *Transcoder) step(ctx context.Context, w *work) (more bool, err error) {
	switch {
	case w.Carry == Encoded && w.upload.State == metadata.UploadTranscoding:
		if more, err := t.extend(ctx, w); more || err != nil {
			return more, err
		}
		return t.catchUp(ctx, w)
	case w.upload.Key != "" && w.upload.State == metadata.UploadComplete && w.asset.Source != w.upload.Key:
		return true, t.inspect(ctx, w)
	case w.Carry != Encoded && w.upload.Key != "" && w.upload.State == metadata.UploadTranscoding:
		return false, nil // the other container is being made
	case w.Carry == Encoded && len(w.Rungs) > 0 && w.Rungs[0].State == metadata.Processing: // it is what plays
		return true, t.update(ctx, w, false, func(_ metadata.Tx, _ *metadata.Upload, r *record) error {
			r.Rungs[0].State = metadata.Ready
			return nil
		})
	case !w.Asked:
		return true, t.update(ctx, w, false, func(tx metadata.Tx, u *metadata.Upload, r *record) error {
			r.Asked = true
			return t.submit(ctx, tx, u, kindExtras, jobs.Low, args{})
		})
	case !w.Planned:
		return true, t.climb(ctx, w)
	}
	for i := range w.Rungs {
		if w.Rungs[i].State == metadata.Processing && w.whole(i) {
			return true, t.raise(ctx, w, i)
		}
	}
	return false, nil
}

// whole reports whether all that a rung is made of is there.
func (r *record) whole(rung int) bool {
	return !slices.ContainsFunc(r.partsOf(rung), func(part string) bool { return r.Parts[part] == "" })
}

// partOf is the part that has a chunk of a rung.
func (r *record) partOf(rung, chunk int) string {
	if r.Carry == Encoded && rung == 0 && chunk == 0 {
		return partFirst
	}
	return partVideo(chunk)
}

var errMore = errors.New("transcode: more came meanwhile")

// rest ends the task, unless something came that it has not seen; and the transcode,
// where all is done.
func (t *Transcoder) rest(ctx context.Context, w *work) error {
	if w.done(w.upload) { // before it is said: after a crash it is done again
		if err := t.tidy(ctx, w); err != nil {
			return err
		}
	}
	var over *metadata.Upload
	var how *record
	err := t.update(ctx, w, true, func(tx metadata.Tx, u *metadata.Upload, r *record) error {
		over = nil
		if u.Version != w.upload.Version {
			return errMore
		}
		if !r.done(u) {
			return nil
		}
		r.Ended, r.Parts, r.Heard, u.State = true, nil, nil, metadata.UploadComplete
		over, how = u, r
		return tx.Emit(ctx, t.event(events.TranscodeDone, u, map[string]any{"seconds": time.Since(u.CreatedAt).Seconds()}))
	})
	if err == nil && over != nil {
		t.tellEnd(ctx, over, how)
	}
	return err
}

// done reports whether nothing is left to do.
func (r *record) done(u *metadata.Upload) bool {
	if u.Key != "" && u.State != metadata.UploadComplete || !r.Planned || r.Parts[partExtras] == "" {
		return false
	}
	for _, x := range r.Rungs {
		if x.State == metadata.Processing {
			return false
		}
	}
	return true
}

// inspect has the asset play what was made.
func (t *Transcoder) inspect(ctx context.Context, w *work) error {
	if err := t.Inspect(ctx, w.upload); err != nil {
		return err
	}
	u, err := t.Metadata.Upload(ctx, w.upload.ID)
	switch {
	case errors.Is(err, metadata.ErrNotFound):
		return errOver
	case err != nil:
		return err
	case u.State == metadata.UploadFailed:
		return errDoesNotPlay(u)
	case u.State != metadata.UploadComplete:
		return errOver
	}
	return nil
}

// complete says that what plays is whole.
func (t *Transcoder) complete(u *metadata.Upload, size int64) {
	u.State, u.Size, u.Offset, u.Type = metadata.UploadComplete, size, size, string(media.TypeMP4)
}

// raise makes a rung of its chunks and has it join what plays. What does not fit fails
// the rung alone.
func (t *Transcoder) raise(ctx context.Context, w *work, rung int) error {
	join := t.joinRung
	if w.Rungs[rung].Sound {
		join = t.joinSound
	}
	err := join(ctx, w, rung)
	switch {
	case err == nil, ctx.Err() != nil, errors.Is(err, errOver):
		return err
	case errors.Is(err, ErrOutput), errors.Is(err, media.ErrRendition), errors.Is(err, media.ErrInvalid), errors.Is(err, media.ErrUnsupported):
		return t.update(ctx, w, false, func(_ metadata.Tx, _ *metadata.Upload, r *record) error {
			r.fails(r.Rungs[rung].Name, reason(err))
			return nil
		})
	}
	return err
}

func (t *Transcoder) joinRung(ctx context.Context, w *work, rung int) error {
	name := w.Rungs[rung].Name
	if w.Rungs[rung].Shown {
		return t.join(ctx, w, rung, grownKey(w.upload, name), w.upload.RenditionOffset(name))
	}
	key := rungKey(w.upload, name, w.by())
	size, err := t.write(ctx, key, func(dst io.Writer) error {
		var j *Joiner
		for c := range w.Chunks {
			part, done, err := t.part(ctx, w, w.partOf(rung, c), name, pictureBlock)
			if err != nil {
				return err
			}
			if j == nil {
				j, err = NewJoiner(dst, &part, nil)
			}
			if err == nil {
				err = j.Append(ctx, part)
			}
			done()
			if err != nil {
				return err
			}
		}
		return j.Finish()
	})
	if err != nil {
		return fmt.Errorf("transcode: joining %s of %s: %w", name, w.upload.ID, err)
	}
	return t.join(ctx, w, rung, key, size)
}

// part opens a file that a task has made; where the store has no files it is read in
// blocks of so many bytes.
func (t *Transcoder) part(ctx context.Context, w *work, part, file string, block int64) (Part, func(), error) {
	blob, err := t.Files.Open(ctx, partKey(w.upload, part, w.Parts[part], file))
	if err != nil {
		return Part{}, nil, fmt.Errorf("transcode: opening %s: %w", part, err)
	}
	size := blob.Info().Size
	return Part{ReaderAt: t.ahead(blob, size, block), Size: size}, func() { _ = blob.Close() }, nil // it was only read
}
