package upload

import (
	"context"
	"errors"
	"fmt"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/metadata"
)

// hopeless says whether err is about the file itself: more bytes, or the same
// again, would not help.
func (s *session) hopeless(err error) bool {
	return errors.Is(err, ErrType) || errors.Is(err, ErrEmpty) || errors.Is(err, ErrReprDigest) || errors.Is(err, ErrTooLarge) && s.u.Size < 0
}

// end sees to what an error leaves behind: a file that will never do is refused
// for good, of all else what arrived is kept. It returns the error to answer with.
func (s *session) end(ctx context.Context, err error) error {
	switch {
	case s.u.State != metadata.UploadOpen, errors.Is(err, ErrNotFound):
		return err
	case s.hopeless(err):
		return s.refuse(ctx, err)
	case errors.Is(err, ErrQuota), errors.Is(err, ErrTooMany):
		return errors.Join(err, s.giveBack())
	case errors.Is(err, ErrTooLarge): // more than announced: nothing of this request is taken
		return err
	case s.check != nil: // nor of a chunk that was not, or not yet, found right
		return err
	case s.draft == nil, s.u.Offset == s.durable && s.u.Size == s.length: // nothing is new
		return err
	}
	return errors.Join(err, s.checkpointWithin(ctx))
}

// giveBack removes what came beyond what may be acknowledged, and for which the
// owner has no room. The session ends with it.
func (s *session) giveBack() error {
	if s.draft == nil || s.draft.Size() <= s.durable {
		return nil
	}
	if err := s.draft.Truncate(s.durable); err != nil {
		return fmt.Errorf("upload: cutting %s back to %d: %w", s.u.ID, s.durable, err)
	}
	return nil
}

// refuse fails the upload, and its asset unless that plays something else, and
// removes the bytes. It returns why.
func (s *session) refuse(ctx context.Context, why error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), persistTimeout)
	defer cancel()
	e := s.up.event(ctx, events.UploadRefused, s.u)
	e.Data = map[string]any{"error": sentence(why)}
	s.up.refused(ctx, e)
	if err := s.fail(ctx, metadata.UploadFailed, sentence(why), e); err != nil {
		return errors.Join(why, err)
	}
	return why
}

// fail ends the upload in state for the reason, with e in the outbox.
func (s *session) fail(ctx context.Context, state metadata.UploadState, reason string, e events.Event) error {
	var saved metadata.Upload
	err := s.up.meta.Update(ctx, func(tx metadata.Tx) error {
		saved = *s.u
		saved.State, saved.Error, saved.Hash = state, reason, nil
		if saved.Part() {
			return failPart(ctx, tx, &saved, e)
		}
		if err := tx.UpdateUpload(ctx, &saved); err != nil {
			return err
		}
		out := e
		if err := tx.Emit(ctx, &out); err != nil {
			return err
		}
		return s.up.failAsset(ctx, tx, &saved, reason)
	})
	if err != nil {
		return s.explainRow(ctx, err)
	}
	s.u = &saved
	s.discard(ctx)
	return nil
}

// failAsset fails an asset that waits for this upload and for nothing else.
func (up *Uploader) failAsset(ctx context.Context, tx metadata.Tx, u *metadata.Upload, reason string) error {
	a, err := tx.Asset(ctx, u.Asset)
	if err != nil {
		return fmt.Errorf("upload: reading asset %s: %w", u.Asset, err)
	}
	if err := up.stopGrowth(ctx, tx, a, u); err != nil {
		return err
	}
	others, err := tx.UploadsOf(ctx, u.Asset)
	if err != nil {
		return fmt.Errorf("upload: reading uploads of %s: %w", u.Asset, err)
	}
	for _, other := range others {
		if other.ID != u.ID && other.State == metadata.UploadOpen {
			return nil
		}
	}
	if a.State != metadata.Uploading {
		return nil
	}
	a.State, a.Error = metadata.Failed, reason
	if err := tx.UpdateAsset(ctx, a); err != nil {
		return err
	}
	e := up.event(ctx, events.AssetFailed, u)
	e.Data = map[string]any{"error": reason}
	return tx.Emit(ctx, &e)
}

// refused tells the recorder. It cannot refuse a refusal, so its error goes to the log.
func (up *Uploader) refused(ctx context.Context, e events.Event) {
	if err := up.o.Recorder.Record(ctx, e); err != nil {
		up.o.Logger.ErrorContext(ctx, "a refused upload could not be recorded", "upload", e.Upload, "error", err)
	}
}

// sentence is what a person is told of err.
func sentence(err error) string {
	var p *problem.Error
	if errors.As(err, &p) && p.Detail != "" {
		return p.Detail
	}
	if k := problem.KindOf(err); k != nil {
		return k.Title
	}
	return "the server could not take it"
}
