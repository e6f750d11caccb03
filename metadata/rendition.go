package metadata

import (
	"context"
	"fmt"
	"slices"

	"github.com/streamgate/streamgate/internal/problem"
)

// Rendition is one way in which an asset plays: its source, or a file that shows
// the same in another size or coding.
type Rendition struct {
	Name    string `json:"name"` // see IsRenditionName; SourceRendition for the source
	State   State  `json:"state"`
	Width   int    `json:"width,omitempty"` // as displayed, in pixels; 0 of sound in another coding
	Height  int    `json:"height,omitempty"`
	Codec   string `json:"codec,omitempty"`   // of the video, or of the sound, RFC 6381
	Bitrate int64  `json:"bitrate,omitempty"` // the same, bits a second, on average
	Size    int64  `json:"size,omitempty"`    // of the file, in bytes; 0 for the source, see Asset.Size
	Error   string `json:"error,omitempty"`

	// Of a file beside the source.
	Source   string `json:"-"` // storage key of the media; "" while there is none
	Index    string `json:"-"` // storage key of the index
	SHA256   string `json:"-"` // lower-case hex; "" when it was not computed
	Revision string `json:"-"` // of what is played of it

	Settling Settling `json:"-"` // whether the file was rewritten for playback

	// Growth is the upload beside whose file this one grows, or grew: see GrowsWith.
	Growth string `json:"-"`
}

// SourceRendition names the rendition that is the file as it came.
const SourceRendition = "source"

// MaxRenditions is how many an asset may have, the source included.
const MaxRenditions = 32

// maxRenditionName is how long a name may be, in bytes.
const maxRenditionName = 32

// IsRenditionName reports whether a file beside the source may have that name:
// up to 32 small letters, digits, and hyphens within, such as "720p".
func IsRenditionName(name string) bool {
	if name == "" || len(name) > maxRenditionName || name == SourceRendition || name[0] == '-' || name[len(name)-1] == '-' {
		return false
	}
	for i := range len(name) {
		if c := name[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

// CheckRenditionName returns an error that matches ErrInvalid for a name that is none.
func CheckRenditionName(name string) error {
	if IsRenditionName(name) {
		return nil
	}
	return badParameter("rendition", "a name of up to 32 small letters, digits and hyphens, and not "+SourceRendition)
}

// Plays reports whether it is a file beside the source that can be played.
func (r *Rendition) Plays() bool { return r.State == Ready && r.Source != "" && r.Index != "" }

// SourceID names the bytes of the file and what it is a rendition of, by the
// revision of that, for media.Index.Revision: it is cut where the source is. One that
// grows, or grew, goes by the upload, for nobody knew then how much it would be.
func (r *Rendition) SourceID(of string) string {
	id := r.SHA256
	switch {
	case r.Growth != "":
		id = "upload " + r.Growth + " " + r.Name
	case id == "":
		key := r.Source
		if r.Settling.Original != "" {
			key = r.Settling.Original
		}
		id = fmt.Sprintf("%s %d", key, r.Size)
	}
	return of + " " + id
}

// Rendition returns where the rendition of that name is, or -1.
func (a *Asset) Rendition(name string) int {
	return slices.IndexFunc(a.Renditions, func(r Rendition) bool { return r.Name == name })
}

// SetRendition adds r, or puts it in the place of the one of its name, which it
// returns. ErrInvalid where there are too many.
func (a *Asset) SetRendition(r Rendition) (replaced Rendition, err error) {
	if at := a.Rendition(r.Name); at >= 0 {
		replaced, a.Renditions[at] = a.Renditions[at], r
		return replaced, nil
	}
	if len(a.Renditions) >= MaxRenditions {
		return replaced, problem.Errorf(ErrInvalid, "the asset has %d renditions; more are not possible", len(a.Renditions))
	}
	a.Renditions = append(a.Renditions, r)
	return replaced, nil
}

// Keys are the storage keys of a file beside the source, as the Data of an event has them.
func (r *Rendition) Keys() []any {
	var keys []any
	for _, key := range []string{r.Source, r.Index, r.Settling.Original} {
		if key != "" {
			keys = append(keys, key)
		}
	}
	return keys
}

// Release takes a storage key from the upload of an asset that brought it, so
// that RemoveFiles may remove what lies there. Call it in the transaction that
// replaces or removes what was made of that upload.
func Release(ctx context.Context, tx Tx, assetID, key string) error {
	if key == "" {
		return nil
	}
	uploads, err := tx.UploadsOf(ctx, assetID)
	if err != nil {
		return err
	}
	for _, u := range uploads {
		if u.Key != key || u.State != UploadComplete {
			continue
		}
		u.Key = ""
		if err := tx.UpdateUpload(ctx, u); err != nil {
			return err
		}
	}
	return nil
}
