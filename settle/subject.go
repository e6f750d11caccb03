package settle

import (
	"github.com/streamgate/streamgate/metadata"
)

// A subject is a file that an asset is made of: its source, or one beside it.
type subject struct {
	source, index, revision *string
	settling                *metadata.Settling
	id                      string // names its bytes
}

// subjectOf finds a file in an asset by the name of its rendition, "" for the
// source; false where there is none that plays.
func subjectOf(a *metadata.Asset, name string) (subject, bool) {
	if name == "" {
		return subject{&a.Source, &a.Index, &a.Revision, &a.Settling, a.SourceID()}, a.Source != ""
	}
	at := a.Rendition(name)
	if at < 0 || !a.Renditions[at].Plays() {
		return subject{}, false
	}
	r := &a.Renditions[at]
	return subject{&r.Source, &r.Index, &r.Revision, &r.Settling, r.SourceID(a.Revision)}, true
}

// outdated are the keys that nothing refers to once there is a new file.
func (s *subject) outdated() (keys []any) {
	if *s.index != "" {
		keys = append(keys, *s.index)
	}
	if s.settling.Original != "" {
		keys = append(keys, *s.source)
	}
	return keys
}

// same reports whether nothing has changed that a file was made of.
func same(a, b *metadata.Asset, name string) bool {
	x, found := subjectOf(a, name)
	y, still := subjectOf(b, name)
	return found == still && (!found || *x.source == *y.source && *x.index == *y.index && *x.revision == *y.revision && *x.settling == *y.settling)
}

// names are those of all files that an asset may be settled by: first its source,
// which the others are cut after.
func names(a *metadata.Asset) []string {
	list := []string{""}
	for i := range a.Renditions {
		if a.Renditions[i].Plays() {
			list = append(list, a.Renditions[i].Name)
		}
	}
	return list
}

// isWaiting reports whether a file of it was not looked at before, or is to be
// dropped.
func (s *Settler) isWaiting(a *metadata.Asset) bool {
	for _, name := range names(a) {
		if f, ok := subjectOf(a, name); ok && (f.settling.State == "" || s.o.Originals == Drop && droppable(f.settling)) {
			return true
		}
	}
	return false
}

func droppable(s *metadata.Settling) bool {
	return s.State == metadata.Settled && s.Original != "" && !s.Dropped
}
