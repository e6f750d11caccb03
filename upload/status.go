package upload

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
)

// status is an upload in JSON.
type status struct {
	UploadID  string               `json:"upload_id"`
	AssetID   string               `json:"asset_id,omitempty"` // a part has none
	Rendition string               `json:"rendition,omitempty"`
	Asset     string               `json:"asset,omitempty"`
	Playback  string               `json:"playback,omitempty"`
	State     metadata.UploadState `json:"state"`
	Offset    int64                `json:"offset"`
	Size      *int64               `json:"size"` // null while it is not known
	Filename  string               `json:"filename,omitempty"`
	Type      string               `json:"type,omitempty"`
	SHA256    string               `json:"sha256,omitempty"`
	Protocol  string               `json:"protocol"`
	Error     string               `json:"error,omitempty"`
	CreatedAt time.Time            `json:"created_at"`
	UpdatedAt time.Time            `json:"updated_at"`
	ExpiresAt *time.Time           `json:"expires_at,omitempty"`
}

func (up *Uploader) serveStatus(w http.ResponseWriter, r *http.Request, id string) {
	u, err := up.lookup(r.Context(), id, auth.Read)
	if err == nil {
		u, err = up.statusFor(w, r, u)
	}
	if err != nil {
		up.answerError(w, r, err)
		return
	}
	writeJSON(w, r, http.StatusOK, up.statusOf(u))
}

func (up *Uploader) statusOf(u *metadata.Upload) status {
	s := status{
		UploadID: u.ID, AssetID: u.Asset, Rendition: u.Rendition, State: u.State, Offset: u.Offset, Filename: u.Filename, Type: u.Type,
		SHA256: u.SHA256, Protocol: u.Protocol, Error: u.Error, CreatedAt: u.CreatedAt, UpdatedAt: u.UpdatedAt,
	}
	if !u.Part() {
		s.Asset, s.Playback = up.paths(u.Asset)
	}
	if u.Size >= 0 {
		s.Size = &u.Size
	}
	if expires(u) && !u.ExpiresAt.IsZero() {
		s.ExpiresAt = &u.ExpiresAt
	}
	return s
}

// refresh brings a row up to date. A reader puts nobody out: a request that
// writes to the upload is asked to write down what it has, and goes on. An upload
// whose blob was committed without a word in its row is finished.
func (up *Uploader) refresh(ctx context.Context, u *metadata.Upload) (*metadata.Upload, error) {
	if u.State != metadata.UploadOpen || expired(u) || up.holds.isDraining() {
		return u, nil
	}
	h := up.holds.get(u.ID)
	if h != nil {
		h.writeDown(ctx)
	}
	u, err := up.meta.Upload(ctx, u.ID) // again: who wrote may have ended since
	if err != nil || h != nil || u.State != metadata.UploadOpen {
		return u, err
	}
	if _, err := up.files.Stat(ctx, u.Key); errors.Is(err, storage.ErrNotFound) {
		return u, nil
	} else if err != nil {
		return nil, fmt.Errorf("upload: looking for %s: %w", u.ID, err)
	}
	s, err := up.resume(ctx, u.ID, nobody)
	if errors.Is(err, ErrLocked) {
		return u, nil
	}
	if err != nil {
		return nil, err
	}
	defer s.close()
	return s.u, nil
}
