package transcode

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/jobs"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

const reasonCanceled = "the transcode was cancelled"

// A why is why a transcode has ended: in words, and for who counts.
type why struct{ reason, class string }

var (
	canceled = why{reasonCanceled, ""}
	lost     = why{"a part of the work has failed too often", "lost"}
)

// whyOf is what an error means.
func whyOf(err error) why {
	class := ""
	if run, ok := errors.AsType[*ffmpeg.RunError](err); ok {
		class = string(run.Class)
	}
	for _, c := range []struct {
		err   error
		class string
	}{
		{ErrSource, "source"}, {ffmpeg.ErrType, "source"}, {ErrProfile, "profile"}, {ffmpeg.ErrIncomplete, "build"}, {ErrOutput, "output"},
	} {
		if class == "" && errors.Is(err, c.err) {
			class = c.class
		}
	}
	return why{reason(err), class}
}

// fail ends the transcode of a task for good; where the task runs elsewhere by now,
// that is left to whoever has it.
func (t *Transcoder) fail(ctx context.Context, w *work, because error) error {
	err := t.end(ctx, w.args.Transcode, metadata.UploadFailed, whyOf(because), func(tx metadata.Tx, _ *metadata.Upload) error {
		return w.task.Fence(ctx, tx)
	})
	if err != nil {
		return err
	}
	return t.tidy(ctx, w)
}

// end ends a transcode, in a transaction with what that means for its asset. What has
// ended stays as it is; what agree refuses, too.
func (t *Transcoder) end(ctx context.Context, id string, state metadata.UploadState, y why, agree func(metadata.Tx, *metadata.Upload) error) error {
	err := t.Metadata.Update(ctx, func(tx metadata.Tx) error {
		u, err := tx.Upload(ctx, id)
		if err != nil {
			return err
		}
		r, err := recordOf(u)
		if err != nil || !r.going(u) && !r.lost(u) {
			return err
		}
		if agree != nil {
			if err := agree(tx, u); err != nil {
				return err
			}
		}
		r.end(state, y.reason)
		plays, err := t.plays(ctx, tx, u)
		if err != nil {
			return err
		}
		if !plays {
			if err := t.release(ctx, tx, u, y.reason); err != nil {
				return err
			}
			u.State = state
		}
		u.Error = y.reason
		if err := t.hide(ctx, tx, u, r); err != nil {
			return err
		}
		if err := r.write(u); err != nil {
			return err
		}
		if err := tx.UpdateUpload(ctx, u); err != nil {
			return err
		}
		return t.over(ctx, tx, u, state, y.class)
	})
	if errors.Is(err, metadata.ErrNotFound) {
		return nil
	}
	return err
}

// plays reports whether the asset plays what was made, or plays as it came: what is whole
// and was not inspected yet does not.
func (t *Transcoder) plays(ctx context.Context, tx metadata.Tx, u *metadata.Upload) (bool, error) {
	if u.State != metadata.UploadComplete {
		return false, nil
	}
	a, err := tx.Asset(ctx, u.Asset)
	return err == nil && (u.Key == "" || u.Key == a.Source), err
}

// over has what a transcode leaves removed that has ended, and tells of it; class is
// that of a why.
func (t *Transcoder) over(ctx context.Context, tx metadata.Tx, u *metadata.Upload, state metadata.UploadState, class string) error {
	if err := t.submit(ctx, tx, u, kindTidy, jobs.Low, args{}); err != nil {
		return err
	}
	data := map[string]any{"error": u.Error}
	if state == metadata.UploadCanceled {
		return t.emit(ctx, tx, events.TranscodeCanceled, u, data)
	}
	if class != "" {
		data["class"] = class
	}
	return tx.Emit(ctx, t.event(events.TranscodeFailed, u, data))
}

// Replaced ends a transcode whose asset is of another file by now, in the transaction
// that makes it that: it is made for upload.Options.Replaced. The row says already that
// it was cancelled, and why.
func (t *Transcoder) Replaced(ctx context.Context, tx metadata.Tx, _ *metadata.Asset, u *metadata.Upload) error {
	r, err := recordOf(u)
	if err != nil {
		return err
	}
	r.end(metadata.UploadCanceled, u.Error)
	if err := r.write(u); err != nil {
		return err
	}
	if err := tx.UpdateUpload(ctx, u); err != nil {
		return err
	}
	return t.over(ctx, tx, u, metadata.UploadCanceled, "")
}

// end has nothing more made, for a reason.
func (r *record) end(state metadata.UploadState, reason string) {
	r.Ended, r.End, r.Parts, r.Heard, r.Short, r.Waits = true, Failed, nil, nil, time.Time{}, ""
	if state == metadata.UploadCanceled {
		r.End = Canceled
	}
	for i := range r.Rungs {
		if r.Rungs[i].State == metadata.Processing {
			r.Rungs[i].State, r.Rungs[i].Error = metadata.Failed, reason
		}
	}
}

// release has the asset wait no longer: it has failed, unless it plays another file.
func (t *Transcoder) release(ctx context.Context, tx metadata.Tx, u *metadata.Upload, reason string) error {
	id := u.Metadata[metaOf]
	if id == "" {
		return nil // it plays as it came
	}
	a, err := tx.Asset(ctx, u.Asset)
	if err != nil {
		return err
	}
	of, err := tx.Upload(ctx, id)
	if err != nil {
		return err
	}
	others, seenTo, err := othersOf(ctx, tx, a, u)
	if err != nil {
		return err
	}
	e := &events.Event{Type: events.AssetFailed, Owner: a.Owner, Asset: a.ID, Upload: id, Data: map[string]any{"error": reason}}
	switch {
	case a.Source == "":
		a.TakeBack()
		a.Ungrow("")
		a.State, a.Playable, a.Error, a.Tracks = metadata.Failed, false, reason, nil
		if others {
			e.Type, a.Error = events.AssetUpdated, ""
		}
	case of.Key != "": // another file plays on
		e.Type, e.Data["keys"] = events.UploadRefused, []any{of.Key}
		a.State, of.State, of.Error = metadata.Ready, metadata.UploadFailed, reason
		if err := tx.UpdateUpload(ctx, of); err != nil {
			return err
		}
	default:
		return nil
	}
	if others {
		a.State = metadata.Processing // so that somebody looks at them
	}
	if !seenTo {
		a.Waiting, a.Reason = "", ""
	}
	a.Growth = growthOf(a)
	if err := tx.UpdateAsset(ctx, a); err != nil {
		return err
	}
	return tx.Emit(ctx, e)
}

// othersOf says whether there are files of an asset that nobody has decided on yet,
// other than that of a transcode, and whether one of them is being transcoded.
func othersOf(ctx context.Context, tx metadata.Tx, a *metadata.Asset, made *metadata.Upload) (others, seenTo bool, err error) {
	uploads, err := tx.UploadsOf(ctx, a.ID)
	if err != nil {
		return false, false, err
	}
	left := map[string]bool{}
	for _, u := range uploads {
		if u.ID != made.ID && u.ID != made.Metadata[metaOf] && a.Undecided(u) {
			others, left[u.ID] = true, true
		}
	}
	for _, u := range uploads {
		under, err := isUnder(u)
		if err != nil {
			return false, false, err
		}
		seenTo = seenTo || under && u.ID != made.ID && left[u.Metadata[metaOf]]
	}
	return others, seenTo, nil
}

// growthOf is that of an asset that plays on.
func growthOf(a *metadata.Asset) string {
	if a.Playable {
		return a.Growth
	}
	return ""
}

// await has the transcode say that ffmpeg is missing, and how to get it, and so the asset,
// unless it plays as it came.
func (t *Transcoder) await(ctx context.Context, w *work, missing error) error {
	why := reason(missing)
	told := func(a *metadata.Asset) bool {
		return a.Waiting == "" || a.Waiting == metadata.WaitFFmpeg && a.Reason == why
	}
	if w.Waits == why && told(w.asset) {
		return nil
	}
	err := t.change(ctx, w, false, func(tx metadata.Tx, u *metadata.Upload, r *record) error {
		r.Waits = why
		a, err := tx.Asset(ctx, u.Asset)
		if err != nil || told(a) {
			return err
		}
		a.Waiting, a.Reason = metadata.WaitFFmpeg, why
		if err := tx.UpdateAsset(ctx, a); err != nil {
			return err
		}
		return tx.Emit(ctx, &events.Event{Type: events.AssetUpdated, Owner: a.Owner, Asset: a.ID, Data: map[string]any{"waiting": a.Waiting, "reason": why}})
	})
	if errors.Is(err, metadata.ErrNotFound) || errors.Is(err, errOver) {
		return nil
	}
	if err == nil {
		t.tellWaits(w)
	}
	return err
}

// tidy removes what a transcode has left in storage and nothing refers to.
func (t *Transcoder) tidy(ctx context.Context, w *work) error {
	if strings.ContainsRune(w.args.Transcode+w.args.Asset, '/') {
		return nil // no ids: an operator who submits a task by hand may not name others' folders
	}
	u := &metadata.Upload{ID: w.args.Transcode, Asset: w.args.Asset}
	used, err := t.usedOf(ctx, u)
	if err != nil {
		return err
	}
	var keys []string
	for _, list := range []iter.Seq2[storage.Info, error]{t.Files.Drafts(ctx, folder(u)), t.Files.List(ctx, folder(u))} {
		for info, err := range list {
			if err != nil {
				return fmt.Errorf("transcode: tidying up after %s: %w", u.ID, err)
			}
			if !slices.Contains(used, info.Key) {
				keys = append(keys, info.Key)
			}
		}
	}
	for _, key := range keys {
		if err := t.Files.Delete(ctx, key); err != nil {
			return fmt.Errorf("transcode: tidying up after %s: %w", u.ID, err)
		}
	}
	return nil
}

// usedOf are the keys that the asset is made of, or is going to be.
func (t *Transcoder) usedOf(ctx context.Context, u *metadata.Upload) ([]string, error) {
	a, err := t.Metadata.Asset(ctx, u.Asset)
	if errors.Is(err, metadata.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	used := []string{a.Source, a.Index, a.Kept(), a.Poster}
	used = append(used, a.Thumbnails.Keys()...)
	for _, r := range a.Renditions {
		used = append(used, r.Source, r.Index, r.Kept())
	}
	for _, c := range a.Captions {
		used = append(used, c.Key)
	}
	now, err := t.Metadata.Upload(ctx, u.ID)
	if err == nil && (now.State == metadata.UploadComplete || now.State == metadata.UploadTranscoding) {
		used = append(used, now.Key, folder(u)+"index")
	}
	if errors.Is(err, metadata.ErrNotFound) {
		err = nil
	}
	return used, err
}

// Cancel ends a transcode: what it runs is gone within a second, and its files soon
// after. An asset that plays another way goes on to do so; one that does not has
// failed. What has ended stays as it is. ErrNotFound.
func (t *Transcoder) Cancel(ctx context.Context, id string) error {
	u, err := t.Metadata.Upload(ctx, id)
	if err == nil && u.Protocol != metadata.ProtocolTranscode {
		err = problem.Errorf(ErrNotFound, "there is no transcode %q", id)
	}
	if err != nil {
		return err
	}
	return t.end(ctx, id, metadata.UploadCanceled, canceled, nil)
}
