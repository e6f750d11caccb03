package upload

import "github.com/streamgate/streamgate/metadata"

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
	if of := f.origin(); of != nil { // it played another one until now
		f.replace()
		f.describe(of)
		a.Source, of.Key = of.Key, ""
		f.changed = append(f.changed, of)
		a.SetAside()
	}
	a.Source, a.Index, a.Revision = u.Key, "", ""
	a.Growth = u.ID // names its bytes, whether or not it played before it was whole
}

// origin is the upload that the own one was made of, where the asset is not of that
// already.
func (f *family) origin() *metadata.Upload {
	for _, u := range f.others {
		if u.ID == f.own.Metadata["of"] && u.Key != "" {
			return u
		}
	}
	return nil
}

// endMade ends what is being made of files that the asset is not of any more, and
// drops those that waited for it.
func (f *family) endMade() {
	for _, u := range f.others {
		if !isMade(u) || u.State != metadata.UploadTranscoding && !uninspected(f.asset, u) {
			continue
		}
		f.cancel(u)
		for _, of := range f.others {
			if of.ID == u.Metadata["of"] && uninspected(f.asset, of) {
				f.cancel(of)
			}
		}
	}
}

func (f *family) cancel(u *metadata.Upload) {
	f.leave(u.Key, IndexKey(u.Asset, u.ID))
	u.State, u.Error, u.Key = metadata.UploadCanceled, reasonReplaced, ""
	f.changed = append(f.changed, u)
}
