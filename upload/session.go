package upload

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
)

// persistTimeout bounds what is done for a client that may be gone.
const persistTimeout = 30 * time.Second

// A session is one request's hold on an upload: nobody else writes to its row
// or to its draft until close.
//
// The row decides how long the upload is, not the draft. Bytes beyond the row's
// offset were never acknowledged, and after a power cut their number says
// nothing of their content; what the row speaks of was synced, and hashed,
// before the row was written. So a resume cuts the draft back to the row, and a
// crash costs at most the bytes since the last checkpoint.
type session struct {
	up      *Uploader
	hold    *hold
	u       *metadata.Upload // as it will be written; u.Offset counts bytes in the draft
	draft   storage.Draft    // nil before the first byte
	digest  digest
	marks   marks
	check   *checksum // of the chunk that is being received, or nil
	verdict error     // on the content of that chunk, or nil
	lost    bool      // the digest does not cover the draft's bytes: read them again once committed
	actor   auth.Principal

	durable int64     // the offset that may be acknowledged
	length  int64     // the size that is written down
	counted int64     // the offset for which there was found to be room, without writing it down
	synced  time.Time // of the last checkpoint

	every   time.Duration      // between checkpoints while bytes arrive
	durably func(offset int64) // is told of each of them; may be nil
}

// resume takes the upload with this id for this request. Another that has it and
// for which putOut says so is ended first; for one that it spares, ErrLocked.
func (up *Uploader) resume(ctx context.Context, id string, putOut func(context.Context, *hold) bool) (*session, error) {
	h, err := up.holds.seize(ctx, id, errReplaced(), putOut)
	if err != nil {
		return nil, err
	}
	u, err := up.meta.Upload(ctx, id) // again: the holder before us may have changed it
	if err != nil {
		h.release()
		return nil, fmt.Errorf("upload: reading %s: %w", id, err)
	}
	s := up.newSession(ctx, h, u)
	if u.State != metadata.UploadOpen {
		return s, nil
	}
	opened := false
	defer func() {
		if !opened { // a hook may also have panicked
			s.close()
		}
	}()
	if err := s.openDraft(ctx); err != nil {
		return nil, err
	}
	opened = true
	return s, nil
}

func (up *Uploader) newSession(ctx context.Context, h *hold, u *metadata.Upload) *session {
	s := &session{up: up, hold: h, actor: auth.FromContext(ctx), synced: time.Now(), every: checkpointEvery}
	s.goOnFrom(u)
	return s
}

// goOnFrom takes a row for what there is of the upload.
func (s *session) goOnFrom(u *metadata.Upload) {
	s.u, s.durable, s.length = u, u.Offset, u.Size
	s.digest, s.lost = newDigest(s.up.hashes(u)), false
	if u.Offset > 0 {
		d, err := decodeDigest(u.Hash, s.up.hashes(u))
		s.digest, s.lost = d, err != nil
	}
}

// catchUp reads the row once more, where other processes have the store: one of them may
// have written to the draft after the row was read here, until it let go of it. From
// now on none does.
func (s *session) catchUp(ctx context.Context) error {
	if s.up.claims.by == nil {
		return nil
	}
	now, err := s.up.meta.Upload(ctx, s.u.ID)
	if err != nil {
		return fmt.Errorf("upload: reading %s: %w", s.u.ID, err)
	}
	if now.Version != s.u.Version {
		s.goOnFrom(now)
	}
	return nil
}

// finishAfter finishes an upload whose last transaction did not happen, unless another process
// does so, or has done it by now.
func (s *session) finishAfter(ctx context.Context) error {
	done, err := s.up.claims.take(ctx, s.u.ID)
	if err != nil {
		return err
	}
	defer done()
	now, err := s.up.meta.Upload(ctx, s.u.ID)
	if err != nil {
		return fmt.Errorf("upload: reading %s: %w", s.u.ID, err)
	}
	if s.u = now; now.State == metadata.UploadOpen {
		_, err = s.settle(ctx)
	}
	return err
}

// openDraft makes the draft end where the row says. A draft that has become a
// blob is an upload whose last transaction did not happen: it is finished here,
// and s.u.State says so.
func (s *session) openDraft(ctx context.Context) error {
	draft, err := s.draftOf(ctx)
	if err != nil {
		return fmt.Errorf("upload: opening the draft of %s: %w", s.u.ID, err)
	}
	if draft == nil {
		return s.finishAfter(ctx)
	}
	s.draft = draft
	if err := s.catchUp(ctx); err != nil {
		return err
	}
	if s.u.State != metadata.UploadOpen { // ended meanwhile: what was made for it just now, Recover removes
		s.closeDraft()
		return nil
	}
	if draft.Size() < s.u.Offset { // a backup was put back, a disk was exchanged
		s.u.Offset, s.lost = draft.Size(), draft.Size() > 0
		s.digest = newDigest(s.up.hashes(s.u))
		if err := s.up.endGrowth(ctx, s.u); err != nil {
			return err
		}
		return s.checkpoint(ctx)
	}
	if draft.Size() == s.u.Offset {
		return nil
	}
	if err := draft.Truncate(s.u.Offset); err != nil {
		return fmt.Errorf("upload: cutting %s back to %d: %w", s.u.ID, s.u.Offset, err)
	}
	return nil
}

// draftOf returns nil for a draft that was committed.
func (s *session) draftOf(ctx context.Context) (storage.Draft, error) {
	files := s.up.files
	if s.u.Offset == 0 {
		if d, err := files.Create(ctx, s.u.Key); !errors.Is(err, storage.ErrExists) {
			return d, err
		}
	}
	d, err := files.Append(ctx, s.u.Key)
	if !errors.Is(err, storage.ErrNotFound) {
		return d, err
	}
	if _, err := files.Stat(ctx, s.u.Key); !errors.Is(err, storage.ErrNotFound) {
		return nil, err
	}
	return files.Create(ctx, s.u.Key)
}

// checkpoint makes all that was received durable, then says so in the row. After
// it, and only then, the offset may be acknowledged.
func (s *session) checkpoint(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), persistTimeout)
	defer cancel()
	if s.draft != nil {
		if err := s.draft.Sync(); err != nil {
			return fmt.Errorf("upload: syncing %s: %w", s.u.ID, err)
		}
	}
	s.u.Hash = nil
	if !s.lost {
		state, err := s.digest.encode()
		if err != nil {
			return fmt.Errorf("upload: keeping the digest of %s: %w", s.u.ID, err)
		}
		s.u.Hash = state
	}
	s.u.ExpiresAt = time.Now().Add(s.up.o.Expiry)
	if err := s.save(ctx); err != nil {
		return err
	}
	s.synced, s.durable, s.length = time.Now(), s.u.Offset, s.u.Size
	if s.durably != nil {
		s.durably(s.durable)
	}
	s.grow(ctx)
	return nil
}

// writeDown is a checkpoint for whoever asks, where there is something new and
// it may be told: not of a chunk that is yet to be compared with its checksum.
func (s *session) writeDown(ctx context.Context) error {
	if s.check != nil || s.draft == nil || s.u.Offset == s.durable {
		return nil
	}
	return s.checkpoint(ctx)
}

// save writes the row, unless its owner has too much with it. The transaction may
// run more than once, so it works on a copy.
func (s *session) save(ctx context.Context) error {
	allowed := allowance{-1, -1, -1}
	if !s.up.unlimited() && reserved(s.u.Size, s.u.Offset) > reserved(s.length, s.durable) {
		var err error
		if allowed, err = s.up.allowanceOf(ctx, s.u.Owner); err != nil {
			return err
		}
		allowed.open = -1 // it is open already
	}
	var saved metadata.Upload
	err := s.up.meta.Update(ctx, func(tx metadata.Tx) error {
		saved = *s.u
		if err := tx.UpdateUpload(ctx, &saved); err != nil {
			return err
		}
		return allowed.check(ctx, tx, saved.Owner)
	})
	if err != nil {
		return s.explainRow(ctx, err)
	}
	s.u = &saved
	return nil
}

// explainRow sees to an upload whose asset was deleted meanwhile: the row is
// gone, so the bytes go too.
func (s *session) explainRow(ctx context.Context, err error) error {
	if !errors.Is(err, metadata.ErrNotFound) {
		return fmt.Errorf("upload: writing %s down: %w", s.u.ID, err)
	}
	s.discard(ctx)
	return fmt.Errorf("upload: %s was deleted while it was written: %w", s.u.ID, ErrNotFound)
}

// discard removes the bytes. What cannot be removed now, Recover removes.
func (s *session) discard(ctx context.Context) {
	s.closeDraft()
	if s.u.Key == "" {
		return // another upload has them
	}
	keys := []string{s.u.Key}
	if s.u.Asset != "" {
		keys = append(keys, IndexKey(s.u.Asset, s.u.ID)) // of a completion that failed
	}
	for _, key := range keys {
		if err := s.up.files.Delete(context.WithoutCancel(ctx), key); err != nil {
			s.up.o.Logger.WarnContext(ctx, "bytes of an upload are left behind", "upload", s.u.ID, "error", err)
		}
	}
}

func (s *session) closeDraft() {
	if s.draft == nil {
		return
	}
	if err := s.draft.Close(); err != nil {
		s.up.o.Logger.Warn("closing a draft", "upload", s.u.ID, "error", err)
	}
	s.draft = nil
}

func (s *session) close() {
	s.closeDraft()
	s.hold.release()
}
