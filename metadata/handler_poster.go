package metadata

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/internal/endpoint"
	"github.com/streamgate/streamgate/internal/problem"
)

// posterPath takes "/{id}/poster" apart, as it was sent.
func posterPath(escaped string) (id string, ok bool) {
	id, ok = strings.CutSuffix(strings.TrimPrefix(escaped, "/"), "/poster")
	return id, ok && id != "" && !strings.Contains(id, "/")
}

func (h *handler) posterMethods() endpoint.Methods[string] {
	return endpoint.Methods[string]{http.MethodPut: h.putPoster, http.MethodDelete: h.deletePoster}
}

func (h *handler) putPoster(w http.ResponseWriter, r *http.Request, id string) (err error) {
	ctx := r.Context()
	seen, err := h.allowed(ctx, auth.Update, id)
	if err == nil {
		err = checkPreconditions(r, seen.Version) // before the body is of any use
	}
	if err != nil {
		return err
	}
	picture, err := endpoint.Body(w, r, MaxPosterBytes)
	if err != nil {
		return err
	}
	key, err := keepPoster(ctx, h.files, newSentPoster(id, len(picture)), picture)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, dropPoster(ctx, h.files, h.store, id, key))
		}
	}()
	status := http.StatusOK
	a, err := h.change(r, auth.Update, id, func(tx Tx, a *Asset) error {
		status = http.StatusOK
		if a.Poster == "" {
			status = http.StatusCreated
		}
		return h.updatePoster(ctx, tx, a, key)
	})
	if err != nil {
		return err
	}
	return h.writeAsset(w, r, status, a)
}

func (h *handler) deletePoster(w http.ResponseWriter, r *http.Request, id string) error {
	_, err := h.change(r, auth.Update, id, func(tx Tx, a *Asset) error {
		if a.Poster == "" {
			return problem.Errorf(ErrNotFound, "the asset has no poster")
		}
		return h.updatePoster(r.Context(), tx, a, "")
	})
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (h *handler) updatePoster(ctx context.Context, tx Tx, a *Asset, key string) error {
	e := event(ctx, events.AssetUpdated, a)
	e.Data = a.setPoster(key)
	if err := tx.UpdateAsset(ctx, a); err != nil {
		return err
	}
	return h.emit(ctx, tx, e)
}
