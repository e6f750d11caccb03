package upload

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
)

// assetHeader names the asset in every answer to a creation, and may name the
// asset to add to in a request whose body is the file.
const assetHeader = "StreamGate-Asset"

// drainTimeout bounds how long the rest of a refused body is waited for.
const drainTimeout = time.Second

// received is the JSON answer to an upload that is complete.
type received struct {
	UploadID  string         `json:"upload_id"`
	AssetID   string         `json:"asset_id"`
	Rendition string         `json:"rendition,omitempty"`
	Asset     string         `json:"asset,omitempty"`
	Playback  string         `json:"playback,omitempty"`
	State     metadata.State `json:"state"`
	Error     string         `json:"error,omitempty"`
	Size      int64          `json:"size"`
	SHA256    string         `json:"sha256,omitempty"`
}

// announce names what was created, before anything else can go wrong.
func (up *Uploader) announce(w http.ResponseWriter, r *http.Request, u *metadata.Upload) {
	w.Header().Set("Location", up.location(r, u.ID))
	setAsset(w.Header(), u)
}

// answerError answers with a problem. The body may not have been read: what
// net/http drains of it, to save the connection, must not wait for a client that
// sends nothing.
func (up *Uploader) answerError(w http.ResponseWriter, r *http.Request, err error) {
	if r.ContentLength != 0 {
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(drainTimeout)) // not supported: see body
	}
	problem.Write(w, r, withoutKey(err))
}

// storageSays is what clients are told of storage: its own sentences are for the
// operator and name keys.
var storageSays = []struct {
	kind, as error
	detail   string
}{
	{storage.ErrNotFound, ErrNotFound, "the upload was deleted while it was written"},
	{storage.ErrFull, storage.ErrFull, "there is no room left; what arrived is kept, resume once there is"},
	{storage.ErrUnavailable, storage.ErrUnavailable, "storage does not answer as it should; what was acknowledged is kept, resume in a moment"},
	{storage.ErrBusy, storage.ErrBusy, "another request is still letting go of this upload; try again in a moment"},
	{storage.ErrExists, storage.ErrExists, "there are bytes already where this upload would be"},
}

// withoutKey puts a sentence for the client before one of storage.
func withoutKey(err error) error {
	kind := problem.KindOf(err)
	for _, say := range storageSays {
		if kind != nil && kind == problem.KindOf(say.kind) {
			return problem.Because(say.as, err, "%s", say.detail)
		}
	}
	return err
}

func (up *Uploader) answerReceived(w http.ResponseWriter, r *http.Request, status int, u *metadata.Upload, a *metadata.Asset) {
	asset, playback := up.paths(u.Asset)
	if a.State == metadata.Failed && !a.Playable {
		playback = "" // nothing plays there
	}
	writeJSON(w, r, status, received{
		UploadID: u.ID, AssetID: u.Asset, Rendition: u.Rendition, Asset: asset, Playback: playback,
		State: a.State, Error: a.Error, Size: u.Size, SHA256: u.SHA256,
	})
}

func (up *Uploader) paths(assetID string) (asset, playback string) {
	if up.o.AssetPath != nil {
		asset = up.o.AssetPath(assetID)
	}
	if up.o.Playback != nil {
		playback = up.o.Playback(assetID)
	}
	return asset, playback
}

func writeJSON(w http.ResponseWriter, r *http.Request, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		problem.Write(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // a client that is gone needs no answer
}
