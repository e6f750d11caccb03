package hls

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
)

// maxFollowed is how often a request goes after an asset whose files change under
// its hands.
const maxFollowed = 3

// follow answers a request whose row names what is not there any more. An asset
// that was settled has the same segments in another file, and whoever asks for one
// gets it; one that is of another file by now has other addresses; and where the
// row is as it was, its bytes are gone.
func (s *Server) follow(w http.ResponseWriter, r *http.Request, a *row, t target, cause error) error {
	for range maxFollowed {
		now, err := s.current(r.Context(), a.ID)
		switch {
		case errors.Is(err, metadata.ErrNotFound):
			return problem.Errorf(ErrNotFound, "there is no asset %q", a.ID)
		case err != nil:
			return err
		case sameFiles(a.Asset, now.Asset):
			return problem.Because(ErrMissing, cause, "the bytes of this asset are not in the storage any more")
		}
		if err := playable(now.Asset); err != nil {
			return err
		}
		if cause = s.playRow(w, r, now, t); !errors.Is(cause, storage.ErrNotFound) {
			return cause
		}
		a = now
	}
	return errChanged
}

// current reads the row anew, whoever else is reading it.
func (s *Server) current(ctx context.Context, id string) (*row, error) {
	s.Forget(id)
	end := time.Now().Add(rowLife) // from before it was read
	a, err := s.meta.Asset(ctx, id)
	if err != nil {
		return nil, err
	}
	return s.keep(ctx, a, end)
}

// outdated reports whether an asset is known to have other files by now.
func (s *Server) outdated(ctx context.Context, a *row) bool {
	now, err := s.current(ctx, a.ID)
	return err == nil && !sameFiles(a.Asset, now.Asset)
}

func sameFiles(a, b *metadata.Asset) bool {
	return a.Source == b.Source && a.Index == b.Index && a.Settling == b.Settling && a.Growth == b.Growth && captionsID(a.Captions, a.Thumbnails) == captionsID(b.Captions, b.Thumbnails) && slices.Equal(a.Renditions, b.Renditions)
}
