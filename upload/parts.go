package upload

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"time"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/metadata"
)

// A part is an upload that is to be joined with others (tus 1.0, Concatenation).
// It has no asset, its bytes are looked at by nobody, and it is not hashed: the
// file that it becomes a part of is.

// partKey is where the bytes of a part lie in the storage.Store.
func partKey(id string) string { return metadata.PartPrefix + id + "/source" }

// hashes says whether a SHA-256 of an upload is computed.
func (up *Uploader) hashes(u *metadata.Upload) bool { return !up.o.NoHash && !u.Part() }

// expires says whether an upload ends by itself when nobody goes on with it: one
// that is open, and a part that no final upload has taken.
func expires(u *metadata.Upload) bool {
	return u.State == metadata.UploadOpen || u.State == metadata.UploadComplete && u.Part()
}

// setAsset names the asset of an upload that has one.
func setAsset(h http.Header, u *metadata.Upload) {
	if !u.Part() {
		h.Set(assetHeader, u.Asset)
	}
}

// settlePart is settle for a part.
func (s *session) settlePart(ctx context.Context) error {
	info, err := s.up.files.Stat(ctx, s.u.Key)
	if err != nil {
		return fmt.Errorf("upload: looking for %s: %w", s.u.ID, err)
	}
	done := *s.u
	done.State, done.Size, done.Offset, done.Hash = metadata.UploadComplete, info.Size, info.Size, nil
	done.ExpiresAt = time.Now().Add(s.up.o.Expiry)
	e := s.up.event(ctx, events.UploadComplete, &done)
	e.Data = map[string]any{"size": done.Size}
	if err := s.up.o.Recorder.Record(ctx, e); err != nil {
		return err
	}
	var saved metadata.Upload
	err = s.up.meta.Update(ctx, func(tx metadata.Tx) error {
		saved = done
		if err := tx.UpdateUpload(ctx, &saved); err != nil {
			return err
		}
		out := e
		return tx.Emit(ctx, &out)
	})
	if err != nil {
		return s.explainRow(ctx, err)
	}
	s.u = &saved
	return nil
}

// failPart removes the row of a part: there is no asset that would take it along
// one day. Its bytes follow by the event e, see metadata.RemoveFiles.
func failPart(ctx context.Context, tx metadata.Tx, u *metadata.Upload, e events.Event) error {
	if err := tx.DeleteUpload(ctx, u.ID); err != nil {
		return err
	}
	if u.Key != "" {
		e.Data = leaving(e.Data, u.Key)
	}
	return tx.Emit(ctx, &e)
}

// spent says of a part whether a final upload has taken its bytes. The row stays
// until it expires: a client that did not get the answer about the whole asks for
// its parts first, and would send all of them again if they were not there.
func spent(u *metadata.Upload) bool {
	return u.Part() && u.State == metadata.UploadComplete && u.Key == ""
}

// spend takes the bytes from the parts of a final upload, in the transaction that
// completes it, and adds to e what is left in storage.
func (up *Uploader) spend(ctx context.Context, tx metadata.Tx, u *metadata.Upload, e *events.Event) error {
	var keys []any
	for _, id := range partsOf(u) {
		part, err := tx.Upload(ctx, id)
		if errors.Is(err, metadata.ErrNotFound) || err == nil && spent(part) {
			continue // cancelled, or spent by another, once it was joined
		}
		if err != nil {
			return err
		}
		keys = append(keys, part.Key)
		part.Key, part.ExpiresAt = "", time.Now().Add(up.o.Expiry)
		if err := tx.UpdateUpload(ctx, part); err != nil {
			return err
		}
	}
	if len(keys) > 0 {
		e.Data = leaving(e.Data, keys...)
	}
	return nil
}

// leaving returns data and the keys that are left in storage.
func leaving(data map[string]any, keys ...any) map[string]any {
	out := map[string]any{"keys": keys}
	maps.Copy(out, data)
	return out
}
