package hls

import "github.com/streamgate/streamgate/media"

// named adds to a target what a row knows of the file as it came: how it is
// called, and where it is once another file plays in its stead.
func (a *row) named(t target, p *presentation) target {
	if t.what != download && t.what != original && t.what != settledSource {
		return t
	}
	t.keepAs = orElse(a.Filename, a.ID)
	switch kept := a.Kept(); kept {
	case "":
		t.gone = true
	case a.Source:
	default:
		t.came = &mediaFile{index: &media.Index{Size: a.Size}, source: kept, revision: p.source().revision}
	}
	return t
}
