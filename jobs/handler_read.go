package jobs

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/internal/endpoint"
	"github.com/streamgate/streamgate/internal/problem"
)

func (h *handler) get(w http.ResponseWriter, r *http.Request, id int64) error {
	if err := h.authorize(r, auth.Read, id); err != nil {
		return err
	}
	j, err := h.q.Get(r.Context(), id)
	if err != nil {
		return err
	}
	return endpoint.WriteJSON(w, r, http.StatusOK, j)
}

func (h *handler) list(w http.ResponseWriter, r *http.Request, _ int64) error {
	if err := h.authorize(r, auth.List, 0); err != nil {
		return err
	}
	query, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	page, err := h.q.List(r.Context(), query)
	if err != nil {
		return err
	}
	answer := struct {
		Jobs []*Job  `json:"jobs"`
		Next *string `json:"next"`
	}{Jobs: page.Jobs}
	if answer.Jobs == nil {
		answer.Jobs = []*Job{}
	}
	if page.Next != "" {
		answer.Next = &page.Next
	}
	return endpoint.WriteJSON(w, r, http.StatusOK, answer)
}

// parameters of a list; those that are true may be repeated.
var parameters = map[string]bool{"kind": true, "state": true, "owner": false, "cursor": false, "limit": false}

func parseQuery(raw string) (Query, error) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return Query{}, problem.Because(problem.ErrBadRequest, err, "the query of the address is malformed")
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		repeatable, known := parameters[name]
		switch {
		case !known:
			return Query{}, problem.Errorf(ErrInvalid, "there is no parameter %.40q; a list has kind, state, owner, cursor and limit", name)
		case !repeatable && len(values[name]) > 1:
			return Query{}, problem.Errorf(ErrInvalid, "the parameter %q is there %d times", name, len(values[name]))
		}
	}
	q := Query{Kinds: values["kind"], Owner: values.Get("owner"), Cursor: values.Get("cursor")}
	if !isText(q.Owner, maxOwner) {
		return Query{}, problem.Errorf(ErrInvalid, "the owner is no text of up to %d bytes", maxOwner)
	}
	for _, k := range q.Kinds {
		if !isName(k) {
			return Query{}, problem.Errorf(ErrInvalid, "there is no kind of job %.64q", k)
		}
	}
	for _, s := range values["state"] {
		q.States = append(q.States, State(s))
	}
	if s, ok := values["limit"]; ok {
		if q.Limit, err = strconv.Atoi(s[0]); err != nil || q.Limit < 1 {
			return Query{}, problem.Errorf(ErrInvalid, "limit is %.20q; it must be a number from 1 to %d", s[0], maxLimit)
		}
	}
	return q, nil
}
