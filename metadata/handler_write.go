package metadata

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/internal/endpoint"
	"github.com/streamgate/streamgate/internal/problem"
)

// attempts is how often a change is tried against others that come in between.
const attempts = 10

func (h *handler) create(w http.ResponseWriter, r *http.Request, _ string) error {
	ctx := r.Context()
	who := auth.FromContext(ctx)
	if err := h.auth.Authorize(ctx, who, auth.Create, auth.Object{Kind: auth.Asset, Owner: who.ID}); err != nil {
		return err
	}
	if who.ID == "" { // whatever the Authorizer says, nobody owns nothing
		return problem.Errorf(auth.ErrUnauthenticated, "to create an asset needs somebody who is signed in")
	}
	body, err := endpoint.TypedBody(w, r, maxBody, "application/json")
	if err != nil {
		return err
	}
	a := &Asset{ID: NewID(), Owner: who.ID, State: Uploading}
	if len(body) == 0 {
		return problem.Errorf(problem.ErrBadRequest, "the body is empty; send a JSON object, {} for an asset without a title")
	}
	if err := mergePatch(a, body); err != nil {
		return err
	}
	if err := a.Validate(); err != nil {
		return err
	}
	if err := h.store.Update(ctx, func(tx Tx) error {
		if err := tx.InsertAsset(ctx, a); err != nil {
			return err
		}
		return h.emit(ctx, tx, event(ctx, events.AssetCreated, a))
	}); err != nil {
		return err
	}
	w.Header().Set("Location", endpoint.Location(r, a.ID))
	return h.writeAsset(w, r, http.StatusCreated, a)
}

func (h *handler) patch(w http.ResponseWriter, r *http.Request, id string) error {
	if _, err := h.allowed(r.Context(), auth.Update, id); err != nil {
		return err
	}
	w.Header().Set("Accept-Patch", acceptPatch)
	body, err := endpoint.TypedBody(w, r, maxBody, "application/merge-patch+json", "application/json")
	if err != nil {
		return err
	}
	a, err := h.change(r, auth.Update, id, func(tx Tx, a *Asset) error {
		before := a.Clone()
		if err := mergePatch(a, body); err != nil {
			return err
		}
		if err := a.Validate(); err != nil {
			return err
		}
		if a.Title == before.Title && a.Description == before.Description && slices.Equal(a.Tags, before.Tags) {
			return nil // a retry of what was done already
		}
		if err := tx.UpdateAsset(r.Context(), a); err != nil {
			return err
		}
		return h.emit(r.Context(), tx, event(r.Context(), events.AssetUpdated, a))
	})
	if err != nil {
		return err
	}
	return h.writeAsset(w, r, http.StatusOK, a)
}

func (h *handler) delete(w http.ResponseWriter, r *http.Request, id string) error {
	ctx := r.Context()
	_, err := h.change(r, auth.Delete, id, func(tx Tx, a *Asset) error {
		e, err := DeletedEvent(ctx, tx, a)
		if err != nil {
			return err
		}
		who := event(ctx, events.AssetDeleted, a)
		e.Actor, e.RequestID = who.Actor, who.RequestID
		if err := tx.DeleteAsset(ctx, id); err != nil {
			return err
		}
		return h.emit(ctx, tx, e)
	})
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// errMoved means that the asset changed hands since its owner was authorized.
var errMoved = errors.New("the asset changed hands")

// change authorizes action outside of any transaction, then runs fn on the asset
// inside one, where its preconditions are checked, and again when somebody else
// was faster.
func (h *handler) change(r *http.Request, action auth.Action, id string, fn func(Tx, *Asset) error) (a *Asset, err error) {
	ctx := r.Context()
	for range attempts {
		seen, err := h.allowed(ctx, action, id)
		if err != nil {
			return nil, err
		}
		a, err = h.changeOnce(ctx, r, seen, fn)
		if !errors.Is(err, ErrConflict) && !errors.Is(err, errMoved) {
			return a, err
		}
	}
	return nil, problem.Errorf(ErrConflict, "too many others change this asset now; try again")
}

func (h *handler) changeOnce(ctx context.Context, r *http.Request, seen *Asset, fn func(Tx, *Asset) error) (a *Asset, err error) {
	err = h.store.Update(ctx, func(tx Tx) error {
		if a, err = tx.Asset(ctx, seen.ID); err != nil {
			return err
		}
		if a.Owner != seen.Owner {
			return errMoved
		}
		if err := checkPreconditions(r, a.Version); err != nil {
			return err
		}
		return fn(tx, a)
	})
	return a, err
}

// DeletedEvent returns the event that goes with the deletion of a: its Data has
// "keys", what lies in storage and is to be deleted once the event is delivered.
// A key that ends in "/" is a prefix. RemoveFiles acts on it. Call it in the transaction, before
// Tx.DeleteAsset, and Emit it there.
func DeletedEvent(ctx context.Context, tx Reader, a *Asset) (*events.Event, error) {
	prefix := prefixOf(a.ID)
	keys := []string{a.Source, a.Settling.Original, a.Index, a.Poster}
	for _, c := range a.Captions {
		keys = append(keys, c.Key)
	}
	keys = append(keys, a.Thumbnails.Keys()...)
	for _, r := range a.Renditions {
		keys = append(keys, r.Source, r.Index, r.Settling.Original)
	}
	uploads, err := tx.UploadsOf(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	for _, u := range uploads {
		keys = append(keys, u.Key)
	}
	list := []any{prefix} // as it comes back from the outbox
	slices.Sort(keys)
	for _, key := range slices.Compact(keys) {
		if key != "" && !strings.HasPrefix(key, prefix) {
			list = append(list, key)
		}
	}
	return &events.Event{
		Type: events.AssetDeleted, Owner: a.Owner, Asset: a.ID, Data: map[string]any{"keys": list},
	}, nil
}
