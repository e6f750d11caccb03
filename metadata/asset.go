package metadata

import (
	"fmt"
	"slices"
	"time"
)

// State is where an asset is in its life.
type State string

// The states of an asset: Uploading, then Processing, then Ready or Failed.
const (
	Uploading  State = "uploading"  // bytes are arriving
	Processing State = "processing" // bytes are there; being inspected or waiting, see Asset.Waiting
	Ready      State = "ready"      // plays to its last segment
	Failed     State = "failed"     // will not play; Asset.Error says why
)

// What an asset in Processing may wait for.
const (
	WaitTranscoder = "transcoder"
	WaitFFmpeg     = "ffmpeg"
)

// Asset is what is known of a video or a piece of audio.
type Asset struct {
	ID          string
	Owner       string // the id of the principal it belongs to
	Title       string
	Description string
	Tags        []string
	State       State
	Playable    bool    // something of it plays
	Error       string  // why it failed, for a person
	Waiting     string  // what it waits for while Processing
	Reason      string  // why it waits, for a person
	Duration    float64 // of the presentation, in seconds
	Size        int64   // of the source, in bytes
	SHA256      string  // of the source, lower-case hex; "" when it was not computed
	Type        string  // media type by content, such as "video/mp4"
	Filename    string  // as the uploader named it: inert text, never a path
	Tracks      []Track
	Renditions  []Rendition // the source, and the files that show the same as it
	Captions    []Caption
	Thumbnails  *Thumbnails // nil where there are none
	Poster      string      // storage key; "" when there is none
	Source      string      // storage key of the media; "" while there is none
	Settling    Settling
	Index       string // storage key of the index; "" while there is none
	Revision    string // of what is played; changes whenever any played byte may
	Growth      string // the upload under whose id it plays, or played, while it arrives; "" for none, see SourceID
	Version     int64  // rises by one with each change; 0 before the first insert
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// Track is one track of the source.
type Track struct {
	ID         int     `json:"id"`
	Kind       string  `json:"kind"`  // "video", "audio", "text" or "other"
	Codec      string  `json:"codec"` // RFC 6381, such as "avc1.64001f"
	Language   string  `json:"language,omitempty"`
	Width      int     `json:"width,omitempty"` // as displayed, in pixels
	Height     int     `json:"height,omitempty"`
	FrameRate  float64 `json:"frame_rate,omitempty"` // frames a second, on average
	Channels   int     `json:"channels,omitempty"`
	SampleRate int     `json:"sample_rate,omitempty"` // Hz
	Bitrate    int64   `json:"bitrate,omitempty"`     // bits a second, on average
	Duration   float64 `json:"duration,omitempty"`    // seconds
}

// Clone returns a deep copy.
func (a *Asset) Clone() *Asset {
	c := *a
	c.Tags = slices.Clone(a.Tags)
	c.Tracks = slices.Clone(a.Tracks)
	c.Renditions = slices.Clone(a.Renditions)
	c.Captions = slices.Clone(a.Captions)
	if a.Thumbnails != nil {
		t := *a.Thumbnails
		c.Thumbnails = &t
	}
	return &c
}

// Growing says whether what plays is a file that is still arriving: that of the
// upload Growth.
func (a *Asset) Growing() bool { return a.Growth != "" && a.Source == "" }

// SourceID names the bytes of the source as they came, for media.Index.Revision: by
// the upload that they play from, or did, before their sum was known; by their
// SHA-256 where that is known; else by where they lay then, which nothing else ever
// does.
func (a *Asset) SourceID() string {
	if a.Growth != "" {
		return "upload " + a.Growth
	}
	if a.SHA256 != "" {
		return a.SHA256
	}
	key := a.Source
	if a.Settling.Original != "" {
		key = a.Settling.Original
	}
	return fmt.Sprintf("%s %s %d", a.ID, key, a.Size)
}

// Undecided says whether the whole file of an upload of the asset is there, and it is
// neither what the asset is made of nor refused yet.
func (a *Asset) Undecided(u *Upload) bool {
	return u.State == UploadComplete && u.Key != "" && u.Key != a.Source &&
		!slices.ContainsFunc(a.Renditions, func(r Rendition) bool { return r.Source == u.Key })
}
