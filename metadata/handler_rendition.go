package metadata

import (
	"net/http"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/internal/endpoint"
	"github.com/streamgate/streamgate/internal/problem"
)

// renditionPath takes "/{id}/renditions/{name}" apart, as it was sent: neither
// needs an escape.
func renditionPath(escaped string) (at part, ok bool) { return partPath(escaped, "renditions/") }

func (h *handler) renditionMethods() endpoint.Methods[part] {
	return endpoint.Methods[part]{http.MethodDelete: h.deleteRendition}
}

// deleteRendition takes a file beside the source away. Its bytes go once nobody
// can begin to play it any more: RemoveFiles sees to that.
func (h *handler) deleteRendition(w http.ResponseWriter, r *http.Request, of part) error {
	ctx := r.Context()
	_, err := h.change(r, auth.Update, of.asset, func(tx Tx, a *Asset) error {
		at := a.Rendition(of.name)
		switch {
		case of.name == SourceRendition:
			return problem.Errorf(ErrInvalid, "the source is what the others are renditions of; delete the asset to remove it")
		case at < 0:
			return problem.Errorf(ErrNotFound, "there is no rendition of that name")
		}
		gone := a.Renditions[at]
		a.Renditions = append(a.Renditions[:at:at], a.Renditions[at+1:]...)
		if err := tx.UpdateAsset(ctx, a); err != nil {
			return err
		}
		if err := Release(ctx, tx, of.asset, gone.Source); err != nil {
			return err
		}
		e := event(ctx, events.AssetUpdated, a)
		e.Data = map[string]any{"rendition": of.name, "keys": gone.Keys()}
		return h.emit(ctx, tx, e)
	})
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
