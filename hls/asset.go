package hls

import (
	"context"
	"errors"
	"time"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/metadata"
)

const (
	// rowLife is how long a row is believed: what another node changed is seen
	// here within it.
	rowLife = time.Second
	// rowBytes bounds the rows that are kept, and rowCost is about one of them.
	rowBytes = 2 << 20
	rowCost  = 1 << 10
	// captionCost is about what a row takes for each of its captions and renditions.
	captionCost = 512
	// retryAfter is when to ask again for an asset that is being processed.
	retryAfter = 2 * time.Second
)

// A row is what is played of an asset, as it was at some moment.
type row struct {
	*metadata.Asset
	key string // of its presentation in the cache

	growth *metadata.Upload // that it plays from, of an asset that is still growing
	cap    string           // names its captions; "" where there are none
	end    time.Time
}

// asset returns an asset that the one who asks may play, or have the keys of, and
// that can be played. The row may be as old as rowLife; who may do so is decided
// each time.
func (s *Server) asset(ctx context.Context, id string, action auth.Action) (*row, error) {
	a, err := s.row(ctx, id)
	object := auth.Object{Kind: auth.Asset, ID: id}
	missing := errors.Is(err, metadata.ErrNotFound)
	switch {
	case err == nil:
		object.Owner = a.Owner
	case !missing:
		return nil, err
	}
	// Who may not play it must not learn that it is not there, either.
	if err := s.authorizer.Authorize(ctx, auth.FromContext(ctx), action, object); err != nil {
		return nil, err
	}
	if missing {
		return nil, problem.Errorf(ErrNotFound, "there is no asset %q", id)
	}
	if a.growth != nil {
		return a, nil
	}
	return a, playable(a.Asset)
}

func (s *Server) row(ctx context.Context, id string) (*row, error) {
	if a := s.kept(id); a != nil {
		return a, nil
	}
	return s.fetching.do(ctx, id, func(ctx context.Context) (*row, error) {
		if a := s.kept(id); a != nil { // by whoever fetched it since we looked
			return a, nil
		}
		end := time.Now().Add(rowLife) // from before it was read
		a, err := s.meta.Asset(ctx, id)
		if err != nil {
			return nil, err
		}
		return s.keep(ctx, a, end)
	})
}

// keep makes a row of an asset, to be believed until end.
func (s *Server) keep(ctx context.Context, a *metadata.Asset, end time.Time) (*row, error) {
	growth, err := s.growthOf(ctx, a)
	if err != nil {
		return nil, err
	}
	key := s.encryption.mark() + a.ID + "/" + a.Revision + "/" + a.Source + "/" + a.Index + "/" + a.Growth + renditionsID(a.Renditions)
	r := &row{Asset: a, growth: growth, key: key, cap: captionsID(a.Captions, a.Thumbnails), end: end}
	s.rows.Set(a.ID, r, rowCost+int64(len(a.Description)+(len(a.Captions)+len(a.Renditions))*captionCost))
	return r, nil
}

// kept is the row that is still good, or nil.
func (s *Server) kept(id string) *row {
	if v, ok := s.rows.Get(id); ok {
		if a := v.(*row); time.Now().Before(a.end) {
			return a
		}
	}
	return nil
}

// playable says why an asset does not play.
func playable(a *metadata.Asset) error {
	switch {
	case a.Playable && a.Source != "":
		return nil
	case a.State == metadata.Failed:
		return problem.Errorf(ErrUnplayable, "it will not play: %s", orElse(a.Error, "it could not be processed"))
	case a.State == metadata.Uploading:
		return notReady("it is still being uploaded")
	case a.Waiting != "":
		return notReady(orElse(a.Reason, "it waits for the "+a.Waiting))
	}
	return notReady("it is still being processed")
}

func notReady(detail string) error {
	kind := problem.KindOf(ErrNotReady)
	return &problem.Error{Kind: kind, Detail: detail, Fields: map[string]any{problem.RetryAfter: retryAfter}}
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
