package audit

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/internal/endpoint"
	"github.com/streamgate/streamgate/internal/middleware"
	"github.com/streamgate/streamgate/internal/problem"
)

// Kind is what an Authorizer is asked about before the log is shown.
const Kind auth.Kind = "audit"

// Searcher is what a handler shows; a *File is one.
type Searcher interface {
	Search(ctx context.Context, q Query) (*Page, error)
}

// HandlerOptions are the options of NewHandler. A nil *HandlerOptions is the defaults.
type HandlerOptions struct {
	// Authorizer decides who may read the log, by auth.List on objects of kind
	// Kind. Default: who is signed in and an Admin; auth.OwnerOnly would let in
	// everybody.
	Authorizer auth.Authorizer
}

type handler struct {
	log  Searcher
	auth auth.Authorizer
}

// NewHandler returns the HTTP interface to the log. It can be mounted anywhere
// behind http.StripPrefix, with or without a slash at the end, on the admin plane:
//
//	GET /   events, newest first: actor, action, address, resource, outcome,
//	        request_id, trace_id, since, until (RFC 3339), cursor, limit (1 to 1000)
//
// The answer is {"events":[…],"next":…}: events are the lines of the log, next is
// the cursor of the next page or null. A page may be empty and have a next one:
// one request does not read more than 256 MiB. Errors are application/problem+json.
func NewHandler(log Searcher, o *HandlerOptions) (http.Handler, error) {
	if log == nil {
		return nil, errors.New("audit: NewHandler needs a Searcher")
	}
	h := &handler{log: log, auth: auth.AuthorizerFunc(adminOnly)}
	if o != nil && o.Authorizer != nil {
		h.auth = o.Authorizer
	}
	return new(middleware.Bodies).Layer(h), nil
}

func adminOnly(_ context.Context, p auth.Principal, _ auth.Action, _ auth.Object) error {
	switch {
	case p.ID == "":
		return problem.Errorf(auth.ErrUnauthenticated, "this needs somebody who is signed in")
	case !p.Admin:
		return problem.Errorf(auth.ErrForbidden, "only an administrator reads the audit log")
	}
	return nil
}

// ServeHTTP implements http.Handler.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "" && r.URL.Path != "/" {
		problem.Write(w, r, problem.Errorf(problem.ErrNotFound, "there is nothing at this address"))
		return
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		if err := h.search(w, r); err != nil {
			problem.Write(w, r, err)
		}
	case http.MethodOptions:
		w.Header().Set("Allow", "GET, HEAD, OPTIONS")
		w.WriteHeader(http.StatusNoContent)
	default:
		problem.Method(w, r, http.MethodGet, http.MethodHead, http.MethodOptions)
	}
}

func (h *handler) search(w http.ResponseWriter, r *http.Request) error {
	if err := h.auth.Authorize(r.Context(), auth.FromContext(r.Context()), auth.List, auth.Object{Kind: Kind}); err != nil {
		return err
	}
	q, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	page, err := h.log.Search(r.Context(), q)
	if err != nil {
		return err
	}
	answer := struct {
		Events []json.RawMessage `json:"events"`
		Next   *string           `json:"next"`
	}{Events: make([]json.RawMessage, len(page.Lines))}
	for i, line := range page.Lines {
		answer.Events[i] = line
	}
	if page.Next > 0 {
		next := strconv.FormatUint(page.Next, 10)
		answer.Next = &next
	}
	w.Header().Set("Cache-Control", "no-store")
	return endpoint.WriteJSON(w, r, http.StatusOK, answer)
}

// parseQuery reads the query of an address.
func parseQuery(raw string) (Query, error) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return Query{}, problem.Because(problem.ErrBadRequest, err, "the query of the address is malformed")
	}
	var q Query
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if n := len(values[name]); n > 1 {
			return Query{}, problem.Errorf(problem.ErrBadRequest, "the parameter %.40q is there %d times", name, n)
		}
		if err := q.set(name, values[name][0]); err != nil {
			return Query{}, err
		}
	}
	return q, nil
}

// set sets what a parameter stands for.
func (q *Query) set(name, value string) (err error) {
	switch name {
	case "actor":
		q.Actor = value
	case "action":
		q.Action = value
	case "address":
		q.Address = value
	case "resource":
		q.Resource = value
	case "outcome":
		q.Outcome = Outcome(value)
	case "request_id":
		q.RequestID = value
	case "trace_id":
		q.TraceID = value
	case "since":
		q.Since, err = time.Parse(time.RFC3339Nano, value)
	case "until":
		q.Until, err = time.Parse(time.RFC3339Nano, value)
	case "cursor":
		if q.Before, err = strconv.ParseUint(value, 10, 64); err != nil || q.Before == 0 {
			return problem.Errorf(problem.ErrBadRequest, "the cursor is not one that was given out")
		}
	case "limit":
		if q.Limit, err = strconv.Atoi(value); err != nil || q.Limit < 1 || q.Limit > maxLimit {
			return problem.Errorf(problem.ErrBadRequest, "limit is %.20q; it must be a number from 1 to %d", value, maxLimit)
		}
	default:
		return problem.Errorf(problem.ErrBadRequest, "there is no parameter %.40q; a search has actor, action, address, resource, outcome, request_id, trace_id, since, until, cursor and limit", name)
	}
	if err != nil {
		return problem.Errorf(problem.ErrBadRequest, "%s is %.40q; it must be a time such as 2026-03-01T12:00:00Z", name, value)
	}
	return nil
}
