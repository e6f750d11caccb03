package metadata

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"time"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/internal/endpoint"
	"github.com/streamgate/streamgate/internal/middleware"
	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/internal/requestid"
	"github.com/streamgate/streamgate/storage"
)

// The ways in which the handler refuses a request, beside those of the Store.
var (
	ErrPrecondition error = problem.NewKind(http.StatusPreconditionFailed, "precondition-failed", "It is not in the state that the request requires")
	ErrMediaType    error = problem.ErrMediaType
)

// HandlerOptions are the options of NewHandler. A nil *HandlerOptions is the defaults.
type HandlerOptions struct {
	// Authorizer decides who may do what. It sees the actions Create, Read,
	// Update, Delete and List on objects of kind auth.Asset, and is asked outside
	// of any transaction. Default: auth.OwnerOnly().
	Authorizer auth.Authorizer

	// Recorder is told of each asset created, updated and deleted and of each
	// search, before the client is, and its error refuses the request. Changes
	// are recorded inside their transaction, as the last thing before its commit:
	// a refusal leaves nothing changed, while a commit that fails (a full disk)
	// leaves a record of something that did not happen, and the client an error.
	// So a Recorder must be quick, because other writers wait, and must not use
	// the Store. Default: none.
	Recorder events.Recorder

	// Playback returns the address at which an asset plays, for its JSON.
	// Default: "/play/{id}/master.m3u8", a path from the Gate's mount.
	Playback func(assetID string) string

	// CrossOrigin says of which other origins pages may write, where the
	// application's sessions are cookies. Default: none.
	CrossOrigin *http.CrossOriginProtection

	// Files is where subtitles and posters are kept. Default: none, and there is
	// nothing at their addresses.
	Files storage.Store

	// Poster returns the address of an asset's poster, for its JSON; it is asked
	// only where there is one. Default: "/play/" and Asset.PosterPath.
	Poster func(a *Asset) string
}

type handler struct {
	store    Store
	auth     auth.Authorizer
	recorder events.Recorder
	playback func(string) string
	poster   func(*Asset) string
	cross    *http.CrossOriginProtection
	files    storage.Store // nil where there is none for subtitles and posters
	parsing  chan struct{} // bounds the subtitles that are read at the same time
}

// NewHandler returns the HTTP interface to what is known of assets. It can be
// mounted anywhere behind http.StripPrefix, with or without a slash at the end:
//
//	GET    /       search: q, tag, state (both repeatable), sort, cursor, limit; owner for an Admin
//	POST   /       create an asset without bytes, in state uploading
//	GET    /{id}   one asset, with its ETag
//	PATCH  /{id}   JSON merge patch (RFC 7396) on title, description, tags
//	DELETE /{id}   delete the asset and all that is known of it; see RemoveFiles
//
//	DELETE /{id}/renditions/{name}   take away a file that plays beside the source
//
// and, where HandlerOptions.Files is set,
//
//	PUT    /{id}/captions/{lang}   subtitles in a language: label, kind, default, forced
//	DELETE /{id}/captions/{lang}   take them away
//	PUT    /{id}/poster            a picture that stands for the asset, JPEG or PNG
//	DELETE /{id}/poster            take it away
//
// HEAD answers like GET, OPTIONS tells the methods. The principal is that of
// auth.FromContext; another's asset is a 404, as if it were not there. Each asset
// comes with an ETag that names its version; If-Match and If-None-Match are
// honored as RFC 9110 §13 says. A PATCH without If-Match applies to whatever is
// there. Created, updated and deleted assets are in the Store's outbox, written
// with the change itself.
//
// Errors are application/problem+json. A body that does not arrive within 30 s is
// a 408. The handler may serve concurrently.
func NewHandler(store Store, o *HandlerOptions) (http.Handler, error) {
	if store == nil {
		return nil, errors.New("metadata: NewHandler needs a Store")
	}
	if o == nil {
		o = &HandlerOptions{}
	}
	h := &handler{store: store, auth: o.Authorizer, recorder: o.Recorder, playback: o.Playback, poster: o.Poster, cross: o.CrossOrigin, files: o.Files, parsing: make(chan struct{}, runtime.GOMAXPROCS(0))}
	if h.auth == nil {
		h.auth = auth.OwnerOnly()
	}
	if h.recorder == nil {
		h.recorder = events.RecorderFunc(func(context.Context, events.Event) error { return nil })
	}
	if h.playback == nil {
		h.playback = func(id string) string { return "/play/" + url.PathEscape(id) + "/master.m3u8" }
	}
	if h.poster == nil {
		h.poster = func(a *Asset) string { return "/play/" + a.PosterPath() }
	}
	return new(middleware.Bodies).Layer(h), nil
}

// ServeHTTP implements http.Handler.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if middleware.CrossOrigin(h.cross, w, r) {
		return
	}
	path := r.URL.EscapedPath()
	if at, ok := captionPath(path); ok && h.files != nil {
		h.captionMethods().Serve(w, r, at)
		return
	}
	if id, ok := posterPath(path); ok && h.files != nil {
		h.posterMethods().Serve(w, r, id)
		return
	}
	if at, ok := renditionPath(path); ok {
		h.renditionMethods().Serve(w, r, at)
		return
	}
	switch id := strings.TrimPrefix(r.URL.Path, "/"); {
	case strings.Contains(id, "/"):
		problem.Write(w, r, problem.Errorf(ErrNotFound, "there is nothing at this address"))
	case id == "":
		h.listMethods().Serve(w, r, id)
	default:
		if r.Method == http.MethodOptions {
			w.Header().Set("Accept-Patch", acceptPatch)
		}
		h.assetMethods().Serve(w, r, id)
	}
}

// A part is what an asset has several of, by its name.
type part struct{ asset, name string }

// partPath takes "/{id}/" and what leads to a part and its name apart, as it was sent.
func partPath(escaped, folder string) (at part, ok bool) {
	id, rest, _ := strings.Cut(strings.TrimPrefix(escaped, "/"), "/")
	name, ok := strings.CutPrefix(rest, folder)
	return part{id, name}, ok && id != "" && name != "" && !strings.Contains(name, "/")
}

func (h *handler) listMethods() endpoint.Methods[string] {
	return endpoint.Methods[string]{http.MethodGet: h.search, http.MethodHead: h.search, http.MethodPost: h.create}
}

func (h *handler) assetMethods() endpoint.Methods[string] {
	return endpoint.Methods[string]{http.MethodGet: h.get, http.MethodHead: h.get, http.MethodPatch: h.patch, http.MethodDelete: h.delete}
}

func (h *handler) get(w http.ResponseWriter, r *http.Request, id string) error {
	a, err := h.allowed(r.Context(), auth.Read, id)
	if err != nil {
		return err
	}
	if err := checkPreconditions(r, a.Version); err != nil {
		return err
	}
	if notModified(r, a.Version) {
		w.Header().Set("ETag", etag(a.Version))
		w.Header().Set("Cache-Control", revalidate)
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	return h.writeAsset(w, r, http.StatusOK, a)
}

// allowed returns the asset if the principal may do action to it. What is not
// there is put to the Authorizer too, as an object without an owner, so that
// nobody tells from the answer which ids exist.
func (h *handler) allowed(ctx context.Context, action auth.Action, id string) (*Asset, error) {
	a, err := h.store.Asset(ctx, id)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return nil, err
	}
	object := auth.Object{Kind: auth.Asset, ID: id}
	if a != nil {
		object.Owner = a.Owner
	}
	if err := h.auth.Authorize(ctx, auth.FromContext(ctx), action, object); err != nil {
		return nil, err
	}
	return a, err
}

// event returns what happened to a by whom.
func event(ctx context.Context, what events.Type, a *Asset) *events.Event {
	return &events.Event{
		Type: what, Owner: a.Owner, Asset: a.ID,
		Actor: auth.FromContext(ctx).ID, RequestID: requestid.FromContext(ctx),
	}
}

// recordTimeout is how long a Recorder may take in a transaction, for which all
// other writers wait.
const recordTimeout = 2 * time.Second

// emit writes e to the outbox and records it, last before the commit.
func (h *handler) emit(ctx context.Context, tx Tx, e *events.Event) error {
	if err := tx.Emit(ctx, e); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, recordTimeout)
	defer cancel()
	if err := h.recorder.Record(ctx, *e); err != nil {
		return fmt.Errorf("record %s: %w", e.Type, err)
	}
	return nil
}
