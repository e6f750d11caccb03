package transcode

import (
	"errors"
	"net/http"
	"strings"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/internal/middleware"
	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/validate"
)

// ErrInvalid is for what a request asks in a way that cannot be.
var ErrInvalid = validate.ErrInvalid

// HandlerOptions are the options of NewHandler. A nil *HandlerOptions is the defaults.
type HandlerOptions struct {
	// CrossOrigin says of which other origins pages may write, where the
	// application's sessions are cookies. Default: none.
	CrossOrigin *http.CrossOriginProtection
}

type handler struct {
	t     *Transcoder
	cross *http.CrossOriginProtection
}

// NewHandler returns the HTTP interface to a Transcoder. It can be mounted anywhere
// behind http.StripPrefix, with or without a slash at the end:
//
//	GET    /      transcodes, newest first: asset, state, cursor, limit; owner for an Admin
//	POST   /      {"asset": "…", "profile": "…"}: 201 with the Location of a transcode
//	GET    /{id}  how far it is
//	DELETE /{id}  cancel it: 204
//
// HEAD answers like GET, OPTIONS tells the methods. The principal is that of
// auth.FromContext and needs to be allowed the same of the asset: to Update it for
// POST and DELETE, to Read it for GET. What is another's is a 404.
//
// Errors are application/problem+json. A body that does not arrive within 30 s is a
// 408. The handler may serve concurrently.
func NewHandler(t *Transcoder, o *HandlerOptions) (http.Handler, error) {
	if t == nil {
		return nil, errors.New("transcode: NewHandler needs a Transcoder")
	}
	h := &handler{t: t}
	if o != nil {
		h.cross = o.CrossOrigin
	}
	return new(middleware.Bodies).Layer(h), nil
}

// ServeHTTP implements http.Handler.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if middleware.CrossOrigin(h.cross, w, r) {
		return
	}
	id := strings.TrimPrefix(r.URL.Path, "/")
	if strings.Contains(id, "/") {
		problem.Write(w, r, problem.Errorf(ErrNotFound, "there is nothing at this address"))
		return
	}
	methods, allowed := h.one, []string{http.MethodGet, http.MethodHead, http.MethodDelete, http.MethodOptions}
	if id == "" {
		methods, allowed = h.all, []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodOptions}
	}
	serve := methods(r.Method)
	switch {
	case r.Method == http.MethodOptions:
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		w.WriteHeader(http.StatusNoContent)
	case serve == nil:
		problem.Method(w, r, allowed...)
	default:
		if err := serve(w, r, id); err != nil {
			problem.Write(w, r, err)
		}
	}
}

// A method answers, or returns an error before it has written anything.
type method func(w http.ResponseWriter, r *http.Request, id string) error

func (h *handler) all(name string) method {
	switch name {
	case http.MethodGet, http.MethodHead:
		return h.list
	case http.MethodPost:
		return h.create
	}
	return nil
}

func (h *handler) one(name string) method {
	switch name {
	case http.MethodGet, http.MethodHead:
		return h.get
	case http.MethodDelete:
		return h.cancel
	}
	return nil
}

// allowed returns a transcode whose asset the principal may do a to. What is not there
// is put to the Authorizer, too, so that nobody tells which ids exist.
func (h *handler) allowed(r *http.Request, a auth.Action, id string) (*Status, error) {
	s, err := h.t.Status(r.Context(), id)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return nil, err
	}
	object := auth.Object{Kind: auth.Asset}
	if s != nil {
		object.ID, object.Owner = s.Asset, s.Owner
	}
	if denied := h.t.o.Authorizer.Authorize(r.Context(), auth.FromContext(r.Context()), a, object); denied != nil {
		if errors.Is(denied, auth.ErrNotFound) {
			return nil, problem.Errorf(ErrNotFound, "there is no transcode %q", id)
		}
		return nil, denied
	}
	return s, err
}

func (h *handler) get(w http.ResponseWriter, r *http.Request, id string) error {
	s, err := h.allowed(r, auth.Read, id)
	if err != nil {
		return err
	}
	return writeJSON(w, r, http.StatusOK, s)
}

func (h *handler) cancel(w http.ResponseWriter, r *http.Request, id string) error {
	if _, err := h.allowed(r, auth.Update, id); err != nil {
		return err
	}
	if err := h.t.Cancel(r.Context(), id); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
