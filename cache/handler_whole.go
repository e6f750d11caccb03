package cache

import (
	"net/http"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/internal/endpoint"
	"github.com/streamgate/streamgate/internal/problem"
)

// clear takes out everything, or what has a prefix, or a tag. A parameter that
// is misspelled must not clear everything.
func (h *handler) clear(w http.ResponseWriter, r *http.Request, _ string) error {
	if err := h.authorize(r, auth.Delete, ""); err != nil {
		return err
	}
	p, err := parameters(r, "prefix", "tag")
	if err != nil {
		return err
	}
	data := make(map[string]any, 1)
	for name, values := range p {
		if len(p) > 1 || len(values) > 1 {
			return problem.Errorf(problem.ErrBadRequest, "give one prefix, or one tag, or neither")
		}
		if err := h.checkName(name, values[0]); err != nil {
			return err
		}
		data[name] = values[0]
	}
	if err := h.record(r, events.CacheCleared, data); err != nil {
		return err
	}
	switch {
	case p.Has("prefix"):
		DeletePrefix(h.cache, p.Get("prefix"))
	case p.Has("tag"):
		h.cache.DeleteTag(p.Get("tag"))
	default:
		h.cache.Clear()
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (h *handler) stats(w http.ResponseWriter, r *http.Request, _ string) error {
	if err := h.authorize(r, auth.Read, ""); err != nil {
		return err
	}
	s := h.cache.Stats()
	return endpoint.WriteJSON(w, r, http.StatusOK, struct {
		Stats
		HitRatio float64 `json:"hit_ratio"`
	}{s, s.HitRatio()})
}
