package metadata

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/internal/endpoint"
	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/internal/requestid"
)

// parameters of a search; those that are true may be repeated.
var parameters = map[string]bool{
	"q": false, "tag": true, "state": true, "sort": false, "cursor": false, "limit": false, "owner": false,
}

func (h *handler) search(w http.ResponseWriter, r *http.Request, _ string) error {
	ctx := r.Context()
	who := auth.FromContext(ctx)
	if err := h.auth.Authorize(ctx, who, auth.List, auth.Object{Kind: auth.Asset}); err != nil {
		return err
	}
	q, err := parseQuery(r.URL.RawQuery, who)
	if err != nil {
		return err
	}
	page, err := h.store.Search(ctx, q)
	if err != nil {
		return err
	}
	if err := h.recorder.Record(ctx, events.Event{
		Type: events.AssetSearched, Time: time.Now().UTC(), Owner: who.ID, Actor: who.ID, RequestID: requestid.FromContext(ctx),
		Data: map[string]any{"q": q.Text, "results": len(page.Assets)},
	}); err != nil {
		return fmt.Errorf("record %s: %w", events.AssetSearched, err)
	}
	answer := struct {
		Assets []*view `json:"assets"`
		Next   *string `json:"next"`
	}{make([]*view, len(page.Assets)), orNull(page.Next)}
	for i, a := range page.Assets {
		answer.Assets[i] = h.view(a)
	}
	w.Header().Set("Cache-Control", "no-store")
	return endpoint.WriteJSON(w, r, http.StatusOK, answer)
}

// parseQuery reads a search as who may make it: of their own assets, or of
// everybody's for an Admin. Nobody has no assets, which is not everybody's.
func parseQuery(raw string, who auth.Principal) (Query, error) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return Query{}, problem.Because(problem.ErrBadRequest, err, "the query of the address is malformed")
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		repeatable, known := parameters[name]
		switch {
		case !known:
			return Query{}, problem.Errorf(ErrInvalid, "there is no parameter %q; a search has q, tag, state, sort, cursor and limit", name)
		case !repeatable && len(values[name]) > 1:
			return Query{}, problem.Errorf(ErrInvalid, "the parameter %q is there %d times", name, len(values[name]))
		}
	}
	q := Query{Text: values.Get("q"), Tags: values["tag"], Sort: Sort(values.Get("sort")), Cursor: values.Get("cursor")}
	for _, s := range values["state"] {
		q.States = append(q.States, State(s))
	}
	if s, ok := values["limit"]; ok {
		if q.Limit, err = strconv.Atoi(s[0]); err != nil || q.Limit < 1 {
			return Query{}, problem.Errorf(ErrInvalid, "limit is %.20q; it must be a number from 1 to 100", s[0])
		}
	}
	q.Owner, err = ownerOf(values.Get("owner"), who)
	return q, err
}

func ownerOf(wanted string, who auth.Principal) (string, error) {
	switch {
	case who.ID == "":
		return "", problem.Errorf(auth.ErrUnauthenticated, "a search needs somebody who is signed in")
	case who.Admin:
		return wanted, nil
	case wanted != "" && wanted != who.ID:
		return "", problem.Errorf(auth.ErrForbidden, "only an administrator searches the assets of others")
	}
	return who.ID, nil
}
