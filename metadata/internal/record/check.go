// Package record is what every implementation of metadata.Store does with assets
// and uploads before it writes them and after it has read them.
package record

import (
	"math"
	"strings"
	"unicode/utf8"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/metadata"
)

// What cannot be kept faithfully is refused: a NUL ends text early, bytes that
// are no UTF-8 do not survive JSON, and SQLite keeps NaN as NULL.

// CheckAsset refuses what cannot be kept; its errors match metadata.ErrInvalid, as
// those of the others do.
func CheckAsset(a *metadata.Asset) error {
	if a.ID == "" {
		return problem.Errorf(metadata.ErrInvalid, "an asset needs an id")
	}
	if math.IsNaN(a.Duration) || math.IsInf(a.Duration, 0) {
		return problem.Errorf(metadata.ErrInvalid, "a duration must be a finite number")
	}
	texts := []string{
		a.ID, a.Owner, a.Title, a.Description, string(a.State), a.Error, a.Waiting, a.Reason, a.SHA256, a.Type,
		a.Filename, a.Poster, a.Source, a.Index, a.Revision, a.Growth,
		string(a.Settling.State), a.Settling.Original, a.Settling.Reason,
	}
	texts = append(texts, a.Tags...)
	for _, t := range a.Tracks {
		texts = append(texts, t.Kind, t.Codec, t.Language)
	}
	if a.Thumbnails != nil {
		texts = append(texts, a.Thumbnails.Prefix)
	}
	for _, r := range a.Renditions {
		texts = append(texts, r.Name, string(r.State), r.Codec, r.Error, r.Source, r.Index, r.SHA256, r.Revision,
			string(r.Settling.State), r.Settling.Original, r.Settling.Reason, r.Growth)
	}
	for _, c := range a.Captions {
		texts = append(texts, c.Language, c.Label, c.Kind, c.Key)
	}
	return CheckText(texts)
}

// CheckUpload refuses what cannot be kept.
func CheckUpload(u *metadata.Upload) error {
	if u.ID == "" {
		return problem.Errorf(metadata.ErrInvalid, "an upload needs an id")
	}
	texts := []string{
		u.ID, u.Asset, u.Rendition, u.Owner, u.Key, string(u.State), u.SHA256, u.Filename, u.Type, u.Protocol, u.Concat, u.Error,
	}
	for k, v := range u.Metadata {
		texts = append(texts, k, v)
	}
	return CheckText(texts)
}

// CheckText refuses what is no text.
func CheckText(texts []string) error {
	for _, s := range texts {
		if !IsText(s) {
			return problem.Errorf(metadata.ErrInvalid, "%.40q is not text: it is no valid UTF-8 or holds a NUL", s)
		}
	}
	return nil
}

// IsText says whether s can be kept: nothing is called what is no text.
func IsText(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }
