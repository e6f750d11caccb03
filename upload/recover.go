package upload

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
)

// recoverPage is how many rows Recover and Expire read at a time.
const recoverPage = 100

// Recover finishes what a crash cut off: uploads whose bytes are committed and
// whose rows do not say so, assets that were never processed, bytes that belong
// to no upload. Call it before serving; it may run again at any time, beside
// running uploads, and then retries what OnComplete could not do.
//
// One thing that fails does not keep it from the others; the errors are joined.
func (up *Uploader) Recover(ctx context.Context) error {
	return errors.Join(up.recoverUploads(ctx), up.recoverAssets(ctx), up.recoverDrafts(ctx), up.recoverParts(ctx), up.Expire(ctx))
}

// Drain refuses new uploads with 503, ends those that run, with what arrived
// made durable so that clients resume, and waits for them until ctx ends.
func (up *Uploader) Drain(ctx context.Context) error {
	if err := up.holds.drain(ctx); err != nil {
		return fmt.Errorf("upload: draining: %w", err)
	}
	return nil
}

// recoverUploads finishes what was committed without a word in its row.
func (up *Uploader) recoverUploads(ctx context.Context) error {
	return up.eachOpen(ctx, func(u *metadata.Upload) error {
		if u.State != metadata.UploadOpen {
			return nil // a part that waits
		}
		if _, err := up.files.Stat(ctx, u.Key); errors.Is(err, storage.ErrNotFound) {
			return nil
		} else if err != nil {
			return err
		}
		s, err := up.resume(ctx, u.ID, nobody)
		if err != nil {
			return err
		}
		s.close()
		return nil
	})
}

// Expire ends uploads that nobody has resumed for Options.Expiry, and parts that
// no final upload has taken for as long, and removes their bytes. Call it now and then; once an hour will do.
func (up *Uploader) Expire(ctx context.Context) error {
	return up.eachOpen(ctx, func(u *metadata.Upload) error {
		if !expired(u) {
			return nil
		}
		h, err := up.holds.take(u.ID)
		if err != nil {
			return err
		}
		defer h.release()
		done, err := up.claims.take(ctx, u.ID)
		if err != nil {
			return err
		}
		defer done()
		if u, err = up.meta.Upload(ctx, u.ID); err != nil || !expired(u) { // again: it was resumed meanwhile
			return err
		}
		return up.expire(ctx, up.newSession(ctx, h, u))
	})
}

// expire ends the upload of a session, unless another process is writing to it, which
// may be about to say so in its row.
func (up *Uploader) expire(ctx context.Context, s *session) error {
	defer s.closeDraft()
	if up.claims.by != nil && s.u.Key != "" {
		draft, err := up.files.Append(ctx, s.u.Key)
		switch {
		case err == nil:
			s.draft = draft
		case errors.Is(err, storage.ErrBusy):
			return nil
		case !errors.Is(err, storage.ErrNotFound):
			return err
		}
		if err := s.catchUp(ctx); err != nil || !expired(s.u) {
			return err
		}
	}
	e := up.event(ctx, events.UploadCanceled, s.u)
	e.Data = map[string]any{"error": reasonExpired}
	if err := up.o.Recorder.Record(ctx, e); err != nil {
		return err
	}
	return s.fail(ctx, metadata.UploadCanceled, reasonExpired, e)
}

// eachOpen calls fn for every open upload. What another request holds, or has
// removed meanwhile, is left to it.
func (up *Uploader) eachOpen(ctx context.Context, fn func(*metadata.Upload) error) error {
	var errs []error
	for after := ""; ; {
		page, err := up.meta.OpenUploads(ctx, after, recoverPage)
		if err != nil {
			return errors.Join(append(errs, fmt.Errorf("upload: listing open uploads: %w", err))...)
		}
		for _, u := range page {
			after = u.ID
			err := fn(u)
			if err != nil && !errors.Is(err, ErrLocked) && !errors.Is(err, metadata.ErrNotFound) {
				errs = append(errs, fmt.Errorf("upload: recovering %s: %w", u.ID, err))
			}
		}
		if len(page) < recoverPage {
			return errors.Join(errs...)
		}
	}
}

// recoverAssets calls OnComplete for files that nobody has decided on.
func (up *Uploader) recoverAssets(ctx context.Context) error {
	var errs []error
	for after := ""; ; {
		page, err := up.meta.UndecidedAssets(ctx, after, recoverPage)
		if err != nil {
			return errors.Join(append(errs, fmt.Errorf("upload: listing undecided assets: %w", err))...)
		}
		for _, a := range page {
			after = a.ID
			if err := up.recoverAsset(ctx, a); err != nil && !errors.Is(err, metadata.ErrNotFound) {
				errs = append(errs, fmt.Errorf("upload: recovering asset %s: %w", a.ID, err))
			}
		}
		if len(page) < recoverPage {
			return errors.Join(errs...)
		}
	}
}

// recoverAsset sees to all files of an asset in the order in which they became
// whole, so that the last good one plays.
func (up *Uploader) recoverAsset(ctx context.Context, a *metadata.Asset) error {
	uploads, err := up.meta.UploadsOf(ctx, a.ID)
	if err != nil {
		return err
	}
	slices.SortStableFunc(uploads, func(x, y *metadata.Upload) int { return x.UpdatedAt.Compare(y.UpdatedAt) })
	var errs []error
	for _, u := range uploads {
		if !uninspected(a, u) {
			continue
		}
		if err := up.recoverUpload(ctx, u); !errors.Is(err, metadata.ErrNotFound) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (up *Uploader) recoverUpload(ctx context.Context, u *metadata.Upload) error {
	h, err := up.holds.take(u.ID)
	if errors.Is(err, ErrLocked) {
		return nil // it is being processed
	}
	if err != nil {
		return err
	}
	defer h.release()
	done, err := up.claims.take(ctx, u.ID)
	if errors.Is(err, ErrLocked) {
		return nil // it is, by another process
	}
	if err != nil {
		return err
	}
	defer done()
	now, a, err := up.both(ctx, u) // again: the holder before us may have decided
	if err != nil || !uninspected(a, now) {
		return err
	}
	_, _, err = up.runOnComplete(ctx, now)
	return err
}

// recoverDrafts removes drafts that no open upload speaks for. A row is written
// before its draft is made, so a draft without one is no newcomer.
func (up *Uploader) recoverDrafts(ctx context.Context) error {
	var errs []error
	for draft, err := range up.files.Drafts(ctx, "assets/") {
		if err == nil {
			err = up.recoverDraft(ctx, draft.Key)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("upload: removing drafts: %w", err))
		}
	}
	return errors.Join(errs...)
}

// recoverDraft removes the draft under key, if it is ours and nobody's. It has
// the upload while it looks and removes: what was a draft when it was listed may
// be a file by now.
func (up *Uploader) recoverDraft(ctx context.Context, key string) error {
	part := strings.Split(key, "/")
	if len(part) != 4 || !metadata.IsID(part[1]) || !metadata.IsID(part[2]) {
		return nil
	}
	// First without a claim, which is two writes: nearly all are of uploads that go on.
	if orphan, err := up.orphan(ctx, part[2], part[3]); err != nil || !orphan {
		return err
	}
	h, err := up.holds.take(part[2])
	if errors.Is(err, ErrLocked) {
		return nil
	}
	if err != nil {
		return err
	}
	defer h.release()
	done, err := up.claims.take(ctx, part[2])
	if errors.Is(err, ErrLocked) {
		return nil
	}
	if err != nil {
		return err
	}
	defer done()
	if _, err := up.files.Stat(ctx, key); !errors.Is(err, storage.ErrNotFound) {
		return err
	}
	if orphan, err := up.orphan(ctx, part[2], part[3]); err != nil || !orphan {
		return err
	}
	return up.files.Delete(ctx, key)
}

// orphan says whether a draft of an upload that nobody has is nobody's.
func (up *Uploader) orphan(ctx context.Context, id, name string) (bool, error) {
	switch name {
	case "index":
		return true, nil // made anew by Inspect
	case "source":
	default:
		return false, nil
	}
	u, err := up.meta.Upload(ctx, id)
	if errors.Is(err, metadata.ErrNotFound) {
		return true, nil
	}
	return err == nil && u.State != metadata.UploadOpen && u.State != metadata.UploadTranscoding, err
}
