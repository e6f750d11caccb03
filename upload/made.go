package upload

import (
	"slices"

	"github.com/streamgate/streamgate/metadata"
)

// reasonReplaced is why a transcode ends whose file the asset is not of any more.
const reasonReplaced = "the asset is of another file by now"

// isMade says whether the transcoder wrote the upload, and no client.
func isMade(u *metadata.Upload) bool { return u.Protocol == metadata.ProtocolTranscode }

// setAside keeps the inspected file, which the asset is of and which does not play,
// for the transcoder. It is the asset's own from now on, as one that was settled is.
func (f *family) setAside() {
	f.asset.SetAside()
	f.own.Key = ""
	f.changed = append(f.changed, f.own)
}

// takeMade makes the asset play what was made of a file of it. All that is said of
// the file stays that of the one which came.
func (f *family) takeMade() {
	a, u := f.asset, f.own
	if of := f.origin(); of != nil && of.Key != "" { // it played another one until now
		key := of.Key
		f.replace()
		f.describe(of)
		a.Source, of.Key = key, ""
		f.changed = append(f.changed, of)
		a.SetAside()
	}
	a.Source, a.Index, a.Revision = u.Key, "", ""
	a.Growth = u.ID // names its bytes, whether or not it played before it was whole
}

// origin is the upload that the own one was made of; nil for one that a client sent,
// and one that was made of what the asset plays.
func (f *family) origin() *metadata.Upload {
	if !isMade(f.own) {
		return nil
	}
	return f.of(f.own)
}

// of is the upload that another one is made of.
func (f *family) of(made *metadata.Upload) *metadata.Upload {
	for _, u := range f.others {
		if u.ID == made.Metadata["of"] {
			return u
		}
	}
	return nil
}

// isBeingMade says whether the transcoder is at work on an upload, or is about to be.
func (f *family) isBeingMade(u *metadata.Upload) bool {
	return isMade(u) && (u.State == metadata.UploadTranscoding || uninspected(f.asset, u))
}

// isSeenTo says whether something is being made of an upload: its row says so, and
// nothing else does.
func (f *family) isSeenTo(u *metadata.Upload) bool {
	return slices.ContainsFunc(f.others, func(made *metadata.Upload) bool {
		return f.isBeingMade(made) && made.Metadata["of"] == u.ID
	})
}

// awaits says whether another file waits for the transcoder.
func (f *family) awaits() bool {
	return slices.ContainsFunc(f.others, func(u *metadata.Upload) bool {
		return uninspected(f.asset, u) && f.isSeenTo(u)
	})
}

// endMade ends what is being made of files that the asset is not of any more, and
// drops those that waited for it. What came after the file that the own upload was
// made of takes that one's place later.
func (f *family) endMade() {
	from := f.origin()
	for _, u := range f.others {
		of := f.of(u)
		if !f.isBeingMade(u) || f.isAfter(of, from) {
			continue
		}
		f.cancel(u)
		f.ended = append(f.ended, u)
		if of != nil && of != from && uninspected(f.asset, of) {
			f.cancel(of)
		}
	}
}

// isAfter says whether an upload was begun after another; not where one is missing.
func (f *family) isAfter(u, other *metadata.Upload) bool {
	return u != nil && other != nil && slices.Index(f.others, u) > slices.Index(f.others, other)
}

func (f *family) cancel(u *metadata.Upload) {
	f.leave(u.Key, IndexKey(u.Asset, u.ID))
	u.State, u.Error, u.Key = metadata.UploadCanceled, reasonReplaced, ""
	f.changed = append(f.changed, u)
}
