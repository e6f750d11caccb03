package metadata

import (
	"net/http"
	"strings"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/internal/problem"
)

// renditionPath takes "/{id}/renditions/{name}" apart, as it was sent: neither
// needs an escape.
func renditionPath(escaped string) (id, name string, ok bool) {
	id, rest, _ := strings.Cut(strings.TrimPrefix(escaped, "/"), "/")
	name, ok = strings.CutPrefix(rest, "renditions/")
	return id, name, ok && id != "" && name != "" && !strings.Contains(name, "/")
}

func (h *handler) serveRendition(w http.ResponseWriter, r *http.Request, id, name string) {
	allowed := []string{http.MethodDelete, http.MethodOptions}
	switch r.Method {
	case http.MethodOptions:
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		w.WriteHeader(http.StatusNoContent)
	case http.MethodDelete:
		if err := h.deleteRendition(w, r, id, name); err != nil {
			problem.Write(w, r, err)
		}
	default:
		problem.Method(w, r, allowed...)
	}
}

// deleteRendition takes a file beside the source away. Its bytes go once nobody
// can begin to play it any more: RemoveFiles sees to that.
func (h *handler) deleteRendition(w http.ResponseWriter, r *http.Request, id, name string) error {
	ctx := r.Context()
	_, err := h.change(r, auth.Update, id, func(tx Tx, a *Asset) error {
		at := a.Rendition(name)
		switch {
		case name == SourceRendition:
			return problem.Errorf(ErrInvalid, "the source is what the others are renditions of; delete the asset to remove it")
		case at < 0:
			return problem.Errorf(ErrNotFound, "there is no rendition of that name")
		}
		gone := a.Renditions[at]
		a.Renditions = append(a.Renditions[:at:at], a.Renditions[at+1:]...)
		if err := tx.UpdateAsset(ctx, a); err != nil {
			return err
		}
		if err := Release(ctx, tx, id, gone.Source); err != nil {
			return err
		}
		e := event(ctx, events.AssetUpdated, a)
		e.Data = map[string]any{"rendition": name, "keys": gone.Keys()}
		return h.emit(ctx, tx, e)
	})
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
