package metadata

import (
	"slices"
	"strconv"

	"github.com/streamgate/streamgate/internal/problem"
)

// A rendition may play while it is made, beside a source that is made at the same time.
// Its row says so once, when it begins to: Growing is true, and Source is where it lies.
// How much of it is there changes with each piece, and is beside how much there is of the
// source, in the upload that both are made under: so both change in one transaction, and
// no viewer gets one without the other.

// offsetMeta begins the names under which an upload keeps how much there is of renditions.
const offsetMeta = "offset/"

// Growing reports whether the file is still being made, and plays as far as it is there;
// or is whole, and its index is yet to be kept.
func (r *Rendition) Growing() bool { return r.Growth != "" && r.State == Processing && r.Source != "" }

// Grow has a rendition play beside the source, as it grows: that of Growth. ErrInvalid
// where there are too many, or one of that name is there and does not grow.
func (a *Asset) Grow(r Rendition) error {
	if at := a.Rendition(r.Name); at >= 0 && !a.Renditions[at].Growing() {
		return problem.Errorf(ErrInvalid, "the asset has a rendition of the name %q", r.Name)
	}
	r.State, r.Growth = Processing, a.Growth
	_, err := a.SetRendition(r)
	return err
}

// Ungrow forgets the renditions of which more was to come: all of them, or that of a
// name; and reports whether there were any. Whoever made them removes their files.
func (a *Asset) Ungrow(name string) (forgotten bool) {
	before := len(a.Renditions)
	a.Renditions = slices.DeleteFunc(a.Renditions, func(r Rendition) bool {
		return r.Growing() && (name == "" || r.Name == name)
	})
	if len(a.Renditions) == 0 {
		a.Renditions = nil
	}
	return len(a.Renditions) < before
}

// RenditionOffset is how many bytes are there of a rendition that grows with the upload.
func (u *Upload) RenditionOffset(name string) int64 {
	n, err := strconv.ParseInt(u.Metadata[offsetMeta+name], 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// SetRenditionOffset says how many bytes are there; 0 forgets it.
func (u *Upload) SetRenditionOffset(name string, n int64) {
	if n == 0 {
		delete(u.Metadata, offsetMeta+name)
		return
	}
	if u.Metadata == nil {
		u.Metadata = map[string]string{}
	}
	u.Metadata[offsetMeta+name] = strconv.FormatInt(n, 10)
}
