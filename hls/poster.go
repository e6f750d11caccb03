package hls

import (
	"errors"
	"net/http"
	"strings"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/storage"
)

// A poster is called so in paths, by its format.
const (
	posterJPEG = "poster.jpg"
	posterPNG  = "poster.png"
)

var posterTypes = map[string]string{posterJPEG: imageType, posterPNG: "image/png"}

// servePoster sends the poster of an asset, at the address that it has in
// metadata.Asset.PosterPath.
func (s *Server) servePoster(w http.ResponseWriter, r *http.Request, a *row, t target) error {
	err := s.sendPoster(w, r, a, t)
	if !errors.Is(err, storage.ErrNotFound) && !errors.Is(err, errNoPoster) {
		return err
	}
	now, failed := s.current(r.Context(), a.ID) // it may have another by now
	if failed != nil {
		return failed
	}
	if err = s.sendPoster(w, r, now, t); errors.Is(err, storage.ErrNotFound) {
		return problem.Because(ErrMissing, err, "the poster of this asset is not in the storage any more")
	}
	return err
}

var errNoPoster = problem.Errorf(ErrNotFound, "there is no such poster, or no more; the asset says where it is")

func (s *Server) sendPoster(w http.ResponseWriter, r *http.Request, a *row, t target) error {
	if a.Poster == "" || a.PosterPath() != strings.Join([]string{a.ID, t.revision, t.keepAs}, "/") {
		return errNoPoster
	}
	return s.sendPicture(w, r, a.Poster, posterTypes[t.keepAs], t.revision)
}
