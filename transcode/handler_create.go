package transcode

import (
	"context"
	"errors"
	"net/http"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/internal/endpoint"
	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/metadata"
)

// wanted is what somebody asks for.
type wanted struct {
	Asset   string `json:"asset"`
	Profile string `json:"profile"`
}

// maxBody is what a body may have, in bytes.
const maxBody = 4 << 10

func readWanted(w http.ResponseWriter, r *http.Request) (wanted, error) {
	var in wanted
	if err := endpoint.ReadJSON(w, r, maxBody, `the body must be {"asset": "…", "profile": "…"}`, &in); err != nil {
		return in, err
	}
	if in.Asset == "" {
		return in, problem.Errorf(ErrInvalid, "asset is missing: the id of what is to be transcoded")
	}
	return in, nil
}

func (h *handler) create(w http.ResponseWriter, r *http.Request, _ string) error {
	ctx := r.Context()
	in, err := readWanted(w, r)
	if err != nil {
		return err
	}
	if err := h.mayChange(ctx, in.Asset); err != nil {
		return err
	}
	id, err := h.t.Submit(ctx, in.Asset, in.Profile)
	if err != nil {
		return err
	}
	s, err := h.t.Status(ctx, id)
	if err != nil {
		return err
	}
	w.Header().Set("Location", endpoint.Location(r, id))
	return writeJSON(w, r, http.StatusCreated, s)
}

// mayChange refuses whoever may not change an asset, and what is not there.
func (h *handler) mayChange(ctx context.Context, id string) error {
	a, err := h.t.Metadata.Asset(ctx, id)
	if err != nil && !errors.Is(err, metadata.ErrNotFound) {
		return err
	}
	object := auth.Object{Kind: auth.Asset, ID: id}
	if a != nil {
		object.Owner = a.Owner
	}
	if denied := h.t.o.Authorizer.Authorize(ctx, auth.FromContext(ctx), auth.Update, object); denied != nil {
		return denied
	}
	return err
}

func writeJSON(w http.ResponseWriter, r *http.Request, status int, v any) error {
	w.Header().Set("Cache-Control", "no-store")
	return endpoint.WriteJSON(w, r, status, v)
}
