// Package events is what happened: typed events, the Recorder that services
// report to, the Log of those that must not be lost, and the live Bus.
package events

import (
	"context"
	"encoding/json"
	"time"
)

// Type names what happened, as noun.verb.
type Type string

// The events of this module.
const (
	AssetCreated   Type = "asset.created"
	AssetUpdated   Type = "asset.updated" // Data may have the language of the "caption" that changed, the name of the "rendition" that joined or went, how many "thumbnails" came, whether a "poster" came or went, "keys", see AssetReplaced, and whether it is "playable" before its upload is complete
	AssetReady     Type = "asset.ready"
	AssetFailed    Type = "asset.failed"
	AssetReplaced  Type = "asset.replaced"  // of another file now; Data has the "keys" that it left in storage
	AssetSettled   Type = "asset.settled"   // its source was rewritten for playback; Data has "bytes", "seconds", and may have "keys", see AssetReplaced
	AssetUnsettled Type = "asset.unsettled" // it stays as it came; Data has the "reason"
	AssetDeleted   Type = "asset.deleted"
	AssetSearched  Type = "asset.searched"
	UploadCreated  Type = "upload.created"
	UploadProgress Type = "upload.progress"
	UploadComplete Type = "upload.completed" // Data may have "keys", see AssetReplaced; so of the next two
	UploadCanceled Type = "upload.canceled"
	UploadRefused  Type = "upload.refused"
	JobSubmitted   Type = "job.submitted" // Data has the number of the "job" and its "kind"; so of the next three
	JobCanceled    Type = "job.canceled"
	JobRetried     Type = "job.retried"
	JobChanged     Type = "job.changed" // live: it is in another "state", or has another "progress"
	KeyServed      Type = "key.served"  // Data has the "key_ids" of the keys that somebody gets
)

// Event is one thing that happened.
type Event struct {
	ID        int64          `json:"id,omitempty"` // its place in the Log, rising; 0 when it is in none
	Type      Type           `json:"type"`
	Time      time.Time      `json:"time"`
	Owner     string         `json:"-"` // whose object it happened to; who may see it
	Actor     string         `json:"actor,omitempty"`
	Asset     string         `json:"asset,omitempty"`
	Upload    string         `json:"upload,omitempty"`
	RequestID string         `json:"request_id,omitempty"`
	Data      map[string]any `json:"data,omitempty"` // JSON values

	// Aside is for other processes alone, with what Dispatcher.Publish tells them: no
	// client sees it, and no Log keeps it.
	Aside json.RawMessage `json:"-"`
}

// Recorder is told synchronously of everything that a service does, before the
// client hears of it. An error refuses the request. It is called concurrently.
type Recorder interface {
	Record(ctx context.Context, e Event) error
}

// RecorderFunc is a function as a Recorder.
type RecorderFunc func(ctx context.Context, e Event) error

// Record calls f.
func (f RecorderFunc) Record(ctx context.Context, e Event) error { return f(ctx, e) }

// Log is the outbox: events written in the transaction of the change itself
// (metadata.Tx.Emit), kept until delivered and for some time after, so that a
// client which was away can ask for what it missed.
type Log interface {
	// Pending returns up to limit events with an ID above after that are not
	// marked delivered, oldest first.
	Pending(ctx context.Context, after int64, limit int) ([]Event, error)
	// Delivered marks events, so that Pending does not return them again.
	Delivered(ctx context.Context, ids ...int64) error
	// After returns up to limit events of one owner with an ID above id, oldest first.
	After(ctx context.Context, owner string, id int64, limit int) ([]Event, error)
	// Purge forgets delivered events older than before and says how many.
	Purge(ctx context.Context, before time.Time) (int, error)
}
