package transcode

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
)

// Rungs grow beside what plays. One that has all chunks which that has is shown, and from
// then on gets each chunk in the transaction in which that does: so playlists of all rungs
// end at the same moment. One that is behind is not seen, and catches up.

// An appended is a rung with another chunk.
type appended struct {
	rung   int
	joined Joined
	size   int64
	err    error // why it cannot go on; the others do
}

// reasonDeleted is why a rung fails whose rendition somebody has removed.
const reasonDeleted = "its rendition was deleted while it was made"

// appendBeside appends the chunk that what plays gets to the rungs that are shown; with
// the last one they are whole.
func (t *Transcoder) appendBeside(ctx context.Context, w *work, last bool) (list []appended, err error) {
	for i := range w.Rungs {
		if x := &w.Rungs[i]; !x.Shown || x.State != metadata.Processing {
			continue
		}
		a, err := t.appendRung(ctx, w, i, last)
		if err != nil {
			return nil, err
		}
		list = append(list, a)
	}
	return list, nil
}

// takeBeside writes down what was appended.
func (t *Transcoder) takeBeside(ctx context.Context, tx metadata.Tx, u *metadata.Upload, r *record, list []appended) error {
	if len(list) == 0 {
		return nil
	}
	a, err := tx.Asset(ctx, u.Asset)
	if err != nil {
		return err
	}
	for _, x := range list {
		rung := &r.Rungs[x.rung]
		at := a.Rendition(rung.Name)
		switch {
		case rung.State != metadata.Processing:
		case x.err != nil:
			r.fails(rung.Name, reason(x.err))
		case at < 0 || !a.Renditions[at].Growing():
			r.fails(rung.Name, reasonDeleted)
		default:
			rung.Joined = x.joined
			u.SetRenditionOffset(rung.Name, x.size)
		}
	}
	return nil
}

// catchUp appends a chunk to a rung that has fewer than what plays, if there is one; and
// shows it once it has as many.
func (t *Transcoder) catchUp(ctx context.Context, w *work) (more bool, err error) {
	if _, ok := t.Files.(storage.DraftReader); !ok || t.o.NoEarlyPlay || w.asset.Growth != w.upload.ID {
		return false, nil
	}
	for i := range w.Rungs {
		x := &w.Rungs[i]
		if i == 0 || x.Shown || x.State != metadata.Processing || x.Joined.Chunks >= w.Joined.Chunks || w.Parts[w.partOf(i, x.Joined.Chunks)] == "" {
			continue
		}
		a, err := t.appendRung(ctx, w, i, false)
		if err != nil {
			return false, err
		}
		return true, t.update(ctx, w, false, func(tx metadata.Tx, u *metadata.Upload, r *record) error {
			return t.cameUp(ctx, tx, u, r, a)
		})
	}
	return false, nil
}

func (t *Transcoder) cameUp(ctx context.Context, tx metadata.Tx, u *metadata.Upload, r *record, a appended) error {
	x := &r.Rungs[a.rung]
	if a.err != nil {
		r.fails(x.Name, reason(a.err))
		return nil //nolint:nilerr // the rung has failed, and that is written down
	}
	x.Joined = a.joined
	u.SetRenditionOffset(x.Name, a.size)
	if x.Joined.Chunks < r.Joined.Chunks {
		return nil
	}
	return t.show(ctx, tx, u, x)
}

// show has a rung play from now on, for who begins to.
func (t *Transcoder) show(ctx context.Context, tx metadata.Tx, u *metadata.Upload, x *rung) error {
	a, err := tx.Asset(ctx, u.Asset)
	if err != nil || a.Growth != u.ID || !a.Growing() {
		return err
	}
	err = a.Grow(metadata.Rendition{Name: x.Name, Width: x.Width, Height: x.Height, Source: grownKey(u, x.Name)})
	if err != nil {
		return err
	}
	x.Shown = true
	if err := tx.UpdateAsset(ctx, a); err != nil {
		return err
	}
	return tx.Emit(ctx, &events.Event{Type: events.AssetUpdated, Owner: a.Owner, Asset: a.ID, Upload: u.ID, Data: map[string]any{"growing": x.Name}})
}

// hide takes rungs that have failed from who begins to play. Whoever plays one gets what
// plays besides, as players do where a playlist is gone.
func (t *Transcoder) hide(ctx context.Context, tx metadata.Tx, u *metadata.Upload, r *record) error {
	var names []string
	for i := range r.Rungs {
		x := &r.Rungs[i]
		if x.State == metadata.Failed && x.Joined.Chunks > 0 {
			u.SetRenditionOffset(x.Name, 0)
			x.Joined, x.Shown = Joined{}, false
			names = append(names, x.Name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	a, err := tx.Asset(ctx, u.Asset)
	if errors.Is(err, metadata.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	names = slices.DeleteFunc(names, func(name string) bool {
		at := a.Rendition(name)
		return at < 0 || a.Renditions[at].Growth != u.ID || !a.Ungrow(name)
	})
	if len(names) == 0 {
		return nil
	}
	if err := tx.UpdateAsset(ctx, a); err != nil {
		return err
	}
	for _, name := range names {
		e := &events.Event{Type: events.AssetUpdated, Owner: a.Owner, Asset: a.ID, Upload: u.ID, Data: map[string]any{"rendition": name}}
		if err := tx.Emit(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

// appendRung appends the next chunk to a rung, and makes that durable. What is wrong with
// the rung alone is said in what is returned.
func (t *Transcoder) appendRung(ctx context.Context, w *work, at int, last bool) (_ appended, err error) {
	x := &w.Rungs[at]
	done := appended{rung: at, joined: x.Joined}
	draft, size, err := t.rungDraft(ctx, w, x)
	if draft == nil {
		done.size, done.joined.Chunks = size, x.Joined.Chunks+1 // it was made whole before
		return done.unless(err)
	}
	defer func() { err = errors.Join(err, draft.Close()) }()
	done.joined, err = t.appendPart(ctx, w, draft, at)
	if err != nil {
		return done.unless(err)
	}
	if last {
		err = draft.Commit(ctx)
	} else {
		err = draft.Sync()
	}
	done.size = draft.Size()
	return done, err
}

// unless takes an error for the rung's own where it is about what it is made of.
func (a appended) unless(err error) (appended, error) {
	if errors.Is(err, ErrOutput) {
		a.err = err
		return a, nil
	}
	return a, err
}

func (t *Transcoder) appendPart(ctx context.Context, w *work, draft storage.Draft, at int) (Joined, error) {
	x := &w.Rungs[at]
	part, done, err := t.part(ctx, w, w.partOf(at, x.Joined.Chunks), x.Name, pictureBlock)
	if err != nil {
		return x.Joined, err
	}
	defer done()
	var j *Joiner
	if x.Joined.Chunks == 0 {
		j, err = NewJoiner(draft, &part, nil)
	} else {
		j, err = ResumeJoiner(draft, x.Joined, nil)
	}
	if err == nil {
		err = j.Append(ctx, part)
	}
	if err != nil {
		return x.Joined, fmt.Errorf("transcode: joining %s of %s: %w", x.Name, w.upload.ID, err)
	}
	return j.State(), nil
}

// rungDraft opens a rung where it ends; nil, and its size, where it is whole.
func (t *Transcoder) rungDraft(ctx context.Context, w *work, x *rung) (storage.Draft, int64, error) {
	key, want := grownKey(w.upload, x.Name), w.upload.RenditionOffset(x.Name)
	draft, err := t.Files.Append(ctx, key)
	if errors.Is(err, storage.ErrNotFound) {
		if info, known := t.Files.Stat(ctx, key); known == nil {
			return nil, info.Size, nil
		}
		draft, err = t.Files.Create(ctx, key)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("transcode: opening %s of %s: %w", x.Name, w.upload.ID, err)
	}
	switch {
	case draft.Size() < want:
		err = problem.Errorf(ErrOutput, "storage has lost what was made: %d bytes of %d are there", draft.Size(), want)
	case draft.Size() > want:
		if err = t.stillEnds(ctx, w); err == nil {
			err = draft.Truncate(want)
		}
	}
	if err != nil {
		return nil, 0, errors.Join(err, draft.Close())
	}
	return draft, 0, nil
}

// sameOffsets reports whether as much is there of all rungs.
func sameOffsets(a, b *metadata.Upload, rungs []rung) bool {
	return !slices.ContainsFunc(rungs, func(x rung) bool { return a.RenditionOffset(x.Name) != b.RenditionOffset(x.Name) })
}
