package transcode

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/rendition"
	"github.com/streamgate/streamgate/storage"
)

// extend appends the next chunk to what plays, if it is there with its sound; after
// the last it is whole. That file is the smallest rung, as far as it goes, with all sound.
func (t *Transcoder) extend(ctx context.Context, w *work) (more bool, err error) {
	at := w.Joined.Chunks
	if at < w.Chunks && w.Parts[w.partOf(0, at)] == "" {
		return false, nil
	}
	p, kept, err := t.planOf(ctx, w.record)
	if err != nil || !w.hears(kept.Chunks, at) {
		return false, err
	}
	draft, err := t.draft(ctx, w)
	if draft == nil {
		return err == nil, err
	}
	defer func() { err = errors.Join(err, draft.Close()) }()
	sound, done, err := t.soundOf(ctx, w, p)
	defer done()
	if err != nil {
		return false, err
	}
	err = t.append(ctx, w, draft, sound)
	if errors.Is(err, ErrBehind) {
		return false, nil // the last picture shows for longer than was planned
	}
	return true, err
}

// append writes a chunk, and what comes after the last one, and makes that durable
// before it is said.
func (t *Transcoder) append(ctx context.Context, w *work, draft storage.Draft, sound []Sound) error {
	j, err := t.appendChunk(ctx, w, draft, sound)
	if err != nil {
		return err
	}
	last := j.State().Chunks == w.Chunks
	if last {
		if err := j.Finish(); err != nil {
			return err
		}
	}
	beside, err := t.appendBeside(ctx, w, last)
	if err != nil {
		return err
	}
	if last {
		if err := draft.Commit(ctx); err != nil {
			return err
		}
		return t.whole(ctx, w, draft.Size(), beside)
	}
	if err := draft.Sync(); err != nil {
		return err
	}
	known, err := t.known(ctx, w, draft.Size())
	if err != nil {
		return err
	}
	return t.update(ctx, w, false, func(tx metadata.Tx, u *metadata.Upload, r *record) error {
		if !slices.Equal(r.Sounds, w.Sounds) {
			return errMore // a stream of sound was left out meanwhile
		}
		u.Offset, u.Type, r.Joined = draft.Size(), string(media.TypeMP4), j.State()
		if !sameSound(r.Heard, w.Heard) {
			r.Joined.Sound = nil // another run makes it, whose files may lie in another way
		}
		if err := t.takeBeside(ctx, tx, u, r, beside); err != nil {
			return err
		}
		return t.grow(ctx, tx, u, known)
	})
}

// appendChunk goes on where the draft ends; the first chunk comes after what
// describes all.
func (t *Transcoder) appendChunk(ctx context.Context, w *work, draft storage.Draft, sound []Sound) (*Joiner, error) {
	if w.Chunks == 0 {
		return NewJoiner(draft, nil, sound)
	}
	part, done, err := t.part(ctx, w, w.partOf(0, w.Joined.Chunks), w.Rungs[0].Name, pictureBlock)
	if err != nil {
		return nil, err
	}
	defer done()
	var j *Joiner
	if w.upload.Offset == 0 {
		j, err = NewJoiner(draft, &part, sound)
	} else {
		j, err = ResumeJoiner(draft, w.Joined, sound)
	}
	if err != nil {
		return nil, err
	}
	return j, j.Append(ctx, part)
}

// draft opens what plays where it ends: nil where it is whole already, and its row
// does not say so yet.
func (t *Transcoder) draft(ctx context.Context, w *work) (storage.Draft, error) {
	key := w.upload.Key
	draft, err := t.Files.Append(ctx, key)
	if errors.Is(err, storage.ErrNotFound) {
		info, known := t.Files.Stat(ctx, key)
		if known == nil {
			beside, err := t.appendBeside(ctx, w, true)
			if err != nil {
				return nil, err
			}
			return nil, t.whole(ctx, w, info.Size, beside)
		}
		draft, err = t.Files.Create(ctx, key)
	}
	if err != nil {
		return nil, fmt.Errorf("transcode: opening what is made of %s: %w", w.upload.ID, err)
	}
	switch {
	case draft.Size() < w.upload.Offset:
		err = problem.Errorf(ErrOutput, "storage has lost what was made: %d bytes of %d are there", draft.Size(), w.upload.Offset)
	case draft.Size() > w.upload.Offset:
		if err = t.stillEnds(ctx, w); err == nil {
			err = draft.Truncate(w.upload.Offset)
		}
	}
	if err != nil {
		return nil, errors.Join(err, draft.Close())
	}
	return draft, nil
}

// stillEnds fails where the task runs elsewhere by now, and where what plays has more
// than the task knows of: that may not be cut off. It is asked while the draft is open,
// so that nobody else appends to it.
func (t *Transcoder) stillEnds(ctx context.Context, w *work) error {
	return t.Metadata.Update(ctx, func(tx metadata.Tx) error {
		u, err := tx.Upload(ctx, w.upload.ID)
		switch {
		case errors.Is(err, metadata.ErrNotFound):
			return errOver
		case err != nil:
			return err
		case u.Offset != w.upload.Offset || !sameOffsets(u, w.upload, w.Rungs):
			return errMore
		}
		return w.task.Fence(ctx, tx)
	})
}

// whole says that what plays is all there, with what grew beside it.
func (t *Transcoder) whole(ctx context.Context, w *work, size int64, beside []appended) error {
	return t.update(ctx, w, false, func(tx metadata.Tx, u *metadata.Upload, r *record) error {
		t.complete(u, size)
		return t.takeBeside(ctx, tx, u, r, beside)
	})
}

// known is what plays of the file; nil where nothing does yet, is to, or drafts cannot
// be read.
func (t *Transcoder) known(ctx context.Context, w *work, size int64) (*media.Index, error) {
	files, ok := t.Files.(storage.DraftReader)
	if !ok || t.o.NoEarlyPlay || w.asset.Growth != "" {
		return nil, nil //nolint:nilnil // nothing to say
	}
	blob, err := files.OpenDraft(ctx, w.upload.Key)
	if err != nil {
		return nil, err
	}
	defer blob.Close() //nolint:errcheck // it was only read
	g, err := media.ParseGrowing(ctx, blob, size, -1, &media.Options{Cut: t.o.Cut})
	if err != nil || g.Index(size) == nil {
		return nil, nil //nolint:nilnil // more of it may tell, and Inspect will
	}
	return g.Known(), nil
}

// grow has the asset play what is there, if it plays nothing yet.
func (t *Transcoder) grow(ctx context.Context, tx metadata.Tx, u *metadata.Upload, known *media.Index) error {
	if known == nil {
		return nil
	}
	a, err := tx.Asset(ctx, u.Asset)
	if err != nil {
		return err
	}
	if a.Source != "" || a.Growth != "" || a.Waiting == "" {
		return nil
	}
	a.Growth, a.Playable, a.Tracks = u.ID, true, rendition.Tracks(known)
	if err := tx.UpdateAsset(ctx, a); err != nil {
		return err
	}
	return tx.Emit(ctx, &events.Event{Type: events.AssetUpdated, Owner: a.Owner, Asset: a.ID, Upload: u.ID, Data: map[string]any{"playable": true}})
}
