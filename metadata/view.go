package metadata

import (
	"net/http"
	"time"

	"github.com/streamgate/streamgate/internal/endpoint"
)

// revalidate lets the client alone keep an asset, and ask each time whether it changed.
const revalidate = "private, no-cache"

// view is an asset in JSON.
type view struct {
	ID          string      `json:"id"`
	Owner       string      `json:"owner"`
	Title       string      `json:"title"`
	Description string      `json:"description"`
	Tags        []string    `json:"tags"`
	State       State       `json:"state"`
	Playable    bool        `json:"playable"`
	Error       *string     `json:"error"`
	Waiting     *string     `json:"waiting"`
	Reason      *string     `json:"reason"`
	Duration    float64     `json:"duration"` // seconds
	Size        int64       `json:"size"`     // bytes
	SHA256      *string     `json:"sha256"`
	Tracks      []Track     `json:"tracks"`
	Renditions  []Rendition `json:"renditions"`
	Captions    []Caption   `json:"captions"`
	Thumbnails  *Thumbnails `json:"thumbnails"`
	Poster      *string     `json:"poster"`
	Playback    *string     `json:"playback"`
	Settled     bool        `json:"settled"`
	CreatedAt   time.Time   `json:"created_at"`
	UpdatedAt   time.Time   `json:"updated_at"`
}

func (h *handler) view(a *Asset) *view {
	v := &view{
		ID: a.ID, Owner: a.Owner, Title: a.Title, Description: a.Description, Tags: orEmpty(a.Tags),
		State: a.State, Playable: a.Playable, Error: orNull(a.Error), Waiting: orNull(a.Waiting), Reason: orNull(a.Reason),
		Duration: a.Duration, Size: a.Size, SHA256: orNull(a.SHA256),
		Tracks: orEmpty(a.Tracks), Renditions: orEmpty(a.Renditions), Captions: orEmpty(a.Captions), Thumbnails: a.Thumbnails,
		Settled: a.Settling.State == Settled, CreatedAt: a.CreatedAt, UpdatedAt: a.UpdatedAt,
	}
	if a.Poster != "" {
		v.Poster = orNull(h.poster(a))
	}
	if a.Playable {
		v.Playback = orNull(h.playback(a.ID))
	}
	return v
}

func (h *handler) writeAsset(w http.ResponseWriter, r *http.Request, status int, a *Asset) error {
	w.Header().Set("ETag", etag(a.Version))
	w.Header().Set("Cache-Control", revalidate)
	return endpoint.WriteJSON(w, r, status, h.view(a))
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
