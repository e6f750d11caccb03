package transcode

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/internal/problem"
)

var listParameters = []string{"asset", "state", "cursor", "limit", "owner"}

func (h *handler) list(w http.ResponseWriter, r *http.Request, _ string) error {
	ctx := r.Context()
	who := auth.FromContext(ctx)
	if err := h.t.o.Authorizer.Authorize(ctx, who, auth.List, auth.Object{Kind: auth.Asset}); err != nil {
		return err
	}
	q, err := listQuery(r.URL.RawQuery, who)
	if err != nil {
		return err
	}
	page, err := h.t.List(ctx, q)
	if err != nil {
		return err
	}
	answer := struct {
		Transcodes []*Status `json:"transcodes"`
		Next       *string   `json:"next"`
	}{Transcodes: page.Transcodes}
	if page.Next != "" {
		answer.Next = &page.Next
	}
	return writeJSON(w, r, http.StatusOK, answer)
}

// listQuery reads what somebody asks for: their own transcodes, or everybody's for an
// Admin.
func listQuery(raw string, who auth.Principal) (Query, error) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return Query{}, problem.Because(problem.ErrBadRequest, err, "the query of the address is malformed")
	}
	for name, v := range values {
		if !slices.Contains(listParameters, name) || len(v) > 1 {
			return Query{}, problem.Errorf(ErrInvalid, "a list has asset, state, cursor and limit, each once, and not %.40q", name)
		}
	}
	q := Query{Asset: values.Get("asset"), State: State(values.Get("state")), Cursor: values.Get("cursor"), Owner: values.Get("owner")}
	switch {
	case who.ID == "":
		return q, problem.Errorf(auth.ErrUnauthenticated, "a list needs somebody who is signed in")
	case !who.Admin && q.Owner != "" && q.Owner != who.ID:
		return q, problem.Errorf(auth.ErrForbidden, "only an administrator lists the transcodes of others")
	case q.State != "" && !slices.Contains([]State{Waiting, Running, Done, Failed, Canceled}, q.State):
		return q, problem.Errorf(ErrInvalid, "state is %.20q; it is one of waiting, running, done, failed and canceled", q.State)
	}
	if !who.Admin {
		q.Owner = who.ID
	}
	if s := values.Get("limit"); s != "" {
		if q.Limit, err = strconv.Atoi(s); err != nil || q.Limit < 1 || q.Limit > 100 {
			return q, problem.Errorf(ErrInvalid, "limit is %.20q; it must be a number from 1 to 100", s)
		}
	}
	return q, nil
}
