package jobs

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/internal/endpoint"
	"github.com/streamgate/streamgate/internal/middleware"
	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/internal/requestid"
)

// AuthKind is the kind of the objects that NewHandler asks an Authorizer about.
// They belong to nobody: the handler is for operators. The ID is a number, or "".
const AuthKind auth.Kind = "job"

// HandlerOptions are the options of NewHandler. A nil *HandlerOptions is the
// defaults.
type HandlerOptions struct {
	// Authorizer decides who may Create, Read, Update (try again), Delete (cancel)
	// and List objects of AuthKind. Default: an Admin may, and nobody else.
	Authorizer auth.Authorizer

	// Recorder is told of each job submitted, cancelled or tried again over HTTP, in
	// its transaction, as the last thing before the commit; its error refuses the
	// request. So it must be quick, and must not use the Queue. Default: none.
	Recorder events.Recorder

	// CrossOrigin says of which other origins pages may write, where the
	// application's sessions are cookies. Default: none.
	CrossOrigin *http.CrossOriginProtection
}

type handler struct {
	q *Queue
	o HandlerOptions
}

// NewHandler returns the HTTP interface to a Queue. It can be mounted anywhere
// behind http.StripPrefix, with or without a slash at the end:
//
//	GET    /            jobs, newest first: kind, state (both repeatable), owner, cursor, limit
//	POST   /            submit one: 201 with its Location, or 200 with the one of its unique key
//	GET    /{id}        one job
//	DELETE /{id}        cancel it: 200, or 202 while its handler has yet to return
//	POST   /{id}/retry  run it again, or now: 200
//
// HEAD answers like GET, OPTIONS tells the methods. A job is what Job is as JSON;
// kind, args, owner, priority, max_attempts, run_at and unique can be submitted.
//
// Errors are application/problem+json. A body that does not arrive within 30 s is a
// 408. The handler may serve concurrently.
func NewHandler(q *Queue, o *HandlerOptions) (http.Handler, error) {
	if q == nil {
		return nil, errors.New("jobs: NewHandler needs a Queue")
	}
	h := &handler{q: q}
	if o != nil {
		h.o = *o
	}
	if h.o.Authorizer == nil {
		h.o.Authorizer = auth.AuthorizerFunc(adminOnly)
	}
	if h.o.Recorder == nil {
		h.o.Recorder = events.Discard()
	}
	return new(middleware.Bodies).Layer(h), nil
}

// adminOnly is auth.OwnerOnly where that asks for no more than a principal.
func adminOnly(ctx context.Context, p auth.Principal, a auth.Action, o auth.Object) error {
	if p.ID != "" && !p.Admin {
		return problem.Errorf(auth.ErrForbidden, "jobs are an administrator's affair")
	}
	return auth.OwnerOnly().Authorize(ctx, p, a, o)
}

// ServeHTTP implements http.Handler.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if middleware.CrossOrigin(h.o.CrossOrigin, w, r) {
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	methods, id, err := h.route(r.URL.EscapedPath())
	if err != nil {
		problem.Write(w, r, err)
		return
	}
	methods.Serve(w, r, id)
}

const retrySuffix = "/retry"

// route finds what a path below the mount names.
func (h *handler) route(path string) (endpoint.Methods[int64], int64, error) {
	rest := strings.TrimPrefix(path, "/")
	if rest == "" {
		return endpoint.Methods[int64]{http.MethodGet: h.list, http.MethodHead: h.list, http.MethodPost: h.submit}, 0, nil
	}
	number, again := strings.CutSuffix(rest, retrySuffix)
	id, err := strconv.ParseInt(number, 10, 64)
	if err != nil || id < 1 || strconv.FormatInt(id, 10) != number { // one spelling
		return nil, 0, problem.Errorf(ErrNotFound, "there is nothing at this address; jobs have numbers")
	}
	if again {
		return endpoint.Methods[int64]{http.MethodPost: h.retry}, id, nil
	}
	return endpoint.Methods[int64]{http.MethodGet: h.get, http.MethodHead: h.get, http.MethodDelete: h.cancel}, id, nil
}

// authorize asks whether the principal may do action to job id, 0 for none.
func (h *handler) authorize(r *http.Request, action auth.Action, id int64) error {
	o := auth.Object{Kind: AuthKind}
	if id != 0 {
		o.ID = strconv.FormatInt(id, 10)
	}
	return h.o.Authorizer.Authorize(r.Context(), auth.FromContext(r.Context()), action, o)
}

// record tells what is about to be committed.
func (h *handler) record(r *http.Request, what events.Type, j *Job) error {
	ctx := r.Context()
	return h.o.Recorder.Record(ctx, events.Event{
		Type: what, Time: time.Now().UTC(), Owner: j.Owner, Actor: auth.FromContext(ctx).ID,
		RequestID: requestid.FromContext(ctx), Data: map[string]any{"job": j.ID, "kind": j.Kind},
	})
}
