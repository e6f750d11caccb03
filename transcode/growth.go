package transcode

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/rendition"
	"github.com/streamgate/streamgate/storage"
)

// joining is the file that an asset plays while it is made: the smallest rung, as far
// as it goes, with all sound. What a process has of it in memory can be made again of
// the parts: the same parts make the same bytes, of which the first are there already.
type joining struct {
	*Joiner

	out    tail
	joined int      // chunks
	close  []func() // of the sound
}

// tail writes what comes after the first bytes, which are there already.
type tail struct {
	dst  io.Writer
	skip int64 // bytes that are there
	size int64 // bytes that were written, or would have been
}

func (w *tail) Write(p []byte) (int, error) {
	skipped := min(max(w.skip-w.size, 0), int64(len(p)))
	w.size += int64(len(p))
	if int(skipped) < len(p) {
		if n, err := w.dst.Write(p[skipped:]); err != nil {
			return int(skipped) + n, err
		}
	}
	return len(p), nil
}

// extend appends the next chunk to what plays, if it is there; after the last it is
// whole.
func (t *Transcoder) extend(ctx context.Context, w *work) (more bool, err error) {
	if !w.begins() {
		return false, nil
	}
	draft, err := t.draft(ctx, w)
	if draft == nil {
		return err == nil, err
	}
	defer func() { err = errors.Join(err, draft.Close()) }()
	j, err := t.joining(ctx, w, draft)
	if err != nil {
		return false, err
	}
	if j.joined < w.Chunks && w.Parts[w.partOf(0, j.joined)] == "" {
		return false, nil
	}
	if err := t.append(ctx, w, j, draft); err != nil {
		t.forget(w.upload.ID)
		return false, err
	}
	return true, nil
}

// append writes a chunk, and what comes after the last one, and makes that durable
// before it is said.
func (t *Transcoder) append(ctx context.Context, w *work, j *joining, draft storage.Draft) error {
	if j.joined < w.Chunks {
		if err := t.appendChunk(ctx, w, j); err != nil {
			return err
		}
	}
	if j.joined == w.Chunks {
		if err := j.Finish(); err != nil {
			return err
		}
		if err := draft.Commit(ctx); err != nil {
			return err
		}
		return t.whole(ctx, w, j.out.size)
	}
	if err := draft.Sync(); err != nil {
		return err
	}
	known, err := t.known(ctx, w, j.out.size)
	if err != nil {
		return err
	}
	return t.update(ctx, w, false, func(tx metadata.Tx, u *metadata.Upload, _ *record) error {
		u.Offset, u.Type = j.out.size, string(media.TypeMP4)
		return t.grow(ctx, tx, u, known)
	})
}

func (t *Transcoder) appendChunk(ctx context.Context, w *work, j *joining) error {
	part, done, err := t.part(ctx, w, w.partOf(0, j.joined), w.Rungs[0].Name)
	if err != nil {
		return err
	}
	defer done()
	if err := j.Append(ctx, part); err != nil {
		return err
	}
	j.joined++
	return nil
}

// begins reports whether what plays can begin: all sound is there, and the first chunk.
func (r *record) begins() bool {
	for _, s := range r.Sounds {
		if r.Parts[partSound(s)] == "" {
			return false
		}
	}
	return r.Chunks == 0 || r.Parts[r.partOf(0, 0)] != ""
}

// draft opens what plays where it ends: nil where it is whole already, and its row
// does not say so yet.
func (t *Transcoder) draft(ctx context.Context, w *work) (storage.Draft, error) {
	key := w.upload.Key
	draft, err := t.Files.Append(ctx, key)
	if errors.Is(err, storage.ErrNotFound) {
		info, known := t.Files.Stat(ctx, key)
		if known == nil {
			return nil, t.whole(ctx, w, info.Size)
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
		err = draft.Truncate(w.upload.Offset)
	}
	if err != nil {
		return nil, errors.Join(err, draft.Close())
	}
	return draft, nil
}

// whole says that what plays is all there.
func (t *Transcoder) whole(ctx context.Context, w *work, size int64) error {
	t.forget(w.upload.ID)
	return t.update(ctx, w, false, func(_ metadata.Tx, u *metadata.Upload, _ *record) error {
		t.complete(u, size)
		return nil
	})
}

// joining returns what this process knows of the file, which ends where the draft does.
func (t *Transcoder) joining(ctx context.Context, w *work, draft storage.Draft) (*joining, error) {
	t.mu.Lock()
	j := t.joins[w.upload.ID]
	t.mu.Unlock()
	if j != nil && j.out.size == w.upload.Offset {
		j.out.dst = draft
		return j, nil
	}
	t.forget(w.upload.ID)
	j, err := t.replay(ctx, w, draft)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	t.joins[w.upload.ID] = j
	t.mu.Unlock()
	return j, nil
}

// replay joins what was joined, without writing it.
func (t *Transcoder) replay(ctx context.Context, w *work, draft storage.Draft) (_ *joining, err error) {
	j := &joining{out: tail{dst: draft, skip: w.upload.Offset}}
	defer func() {
		if err != nil {
			j.end()
		}
	}()
	p, _, err := t.planOf(ctx, w.record)
	if err != nil {
		return nil, err
	}
	var sound []Sound
	for i := range p.Audio {
		a := &p.Audio[i]
		if w.Parts[partSound(a.Stream)] == "" {
			continue // it was left out
		}
		part, done, err := t.part(ctx, w, partSound(a.Stream), a.File())
		if err != nil {
			return nil, err
		}
		j.close = append(j.close, done)
		sound = append(sound, Sound{Part: part, Language: letters(a.Language)})
	}
	var first *Part
	if w.Chunks > 0 {
		part, done, err := t.part(ctx, w, w.partOf(0, 0), w.Rungs[0].Name)
		if err != nil {
			return nil, err
		}
		defer done()
		first = &part
	}
	if j.Joiner, err = NewJoiner(&j.out, first, sound); err != nil {
		return nil, err
	}
	for j.joined < w.Chunks && j.out.size < w.upload.Offset {
		if err := t.appendChunk(ctx, w, j); err != nil {
			return nil, err
		}
	}
	if w.upload.Offset > 0 && j.out.size != w.upload.Offset {
		return nil, problem.Errorf(ErrOutput, "joined again, the first %d chunks have another length", j.joined)
	}
	return j, nil
}

func (j *joining) end() {
	for _, done := range j.close {
		done()
	}
}

// forget lets go of what is known of a file that is not extended here any more.
func (t *Transcoder) forget(id string) {
	t.mu.Lock()
	j := t.joins[id]
	delete(t.joins, id)
	t.mu.Unlock()
	if j != nil {
		j.end()
	}
}

// known is what plays of the file; nil where nothing does yet, or drafts cannot be read.
func (t *Transcoder) known(ctx context.Context, w *work, size int64) (*media.Index, error) {
	files, ok := t.Files.(storage.DraftReader)
	if !ok || w.asset.Growth != "" {
		return nil, nil //nolint:nilnil // nothing to say
	}
	blob, err := files.OpenDraft(ctx, w.upload.Key)
	if err != nil {
		return nil, err
	}
	defer blob.Close() //nolint:errcheck // it was only read
	g, err := media.ParseGrowing(ctx, blob, size, -1, &media.Options{Cut: t.o.Cut})
	if err != nil || g.Index(size) == nil {
		return nil, nil //nolint:nilnil,nilerr // more of it may tell, and Inspect will
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
