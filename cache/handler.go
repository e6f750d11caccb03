package cache

import (
	"errors"
	"net/http"
	"net/url"
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
// They belong to nobody. The ID is the key, or "" for the cache as a whole.
const AuthKind auth.Kind = "cache"

// Value is what the HTTP interface keeps under a key.
type Value struct {
	Body        []byte // never changed
	ContentType string
}

// tagBytes is about what a tag of an entry takes in memory beside its name.
const tagBytes = 256

// ValueCost is what a Value costs in bytes, for Options.Cost.
func ValueCost(key string, v Value) int64 {
	return int64(len(key)+len(v.Body)+len(v.ContentType)) + EntryBytes
}

// EntryBytes is about what an entry takes in memory beside its key and value.
const EntryBytes = 256

// HandlerOptions are the options of NewHandler. A nil *HandlerOptions is the
// defaults.
type HandlerOptions struct {
	// Authorizer decides who may Read, Update and Delete objects of AuthKind.
	// Default: auth.OwnerOnly(), which lets an Admin in and nobody else.
	Authorizer auth.Authorizer

	// Recorder is told of each value set or deleted and of each clearing, before
	// it happens, and its error refuses the request. Default: none.
	Recorder events.Recorder

	// CrossOrigin says of which other origins pages may write, where the
	// application's sessions are cookies. Default: none.
	CrossOrigin *http.CrossOriginProtection

	// MaxValue is how large a value may be, in bytes. Default: 1 MiB.
	MaxValue int64

	// MaxKey is how long a key, a prefix or a tag may be, in bytes. Default: 512.
	MaxKey int
}

const (
	defaultMaxValue = 1 << 20
	defaultMaxKey   = 512
	maxTags         = 16
	statsName       = "stats"
)

type handler struct {
	cache *Cache[string, Value]
	o     HandlerOptions
}

// NewHandler returns the HTTP interface to a cache, which should have nothing
// else in it. It can be mounted anywhere behind http.StripPrefix, with or
// without a slash at the end:
//
//	GET    /{key}   the value with its Content-Type; 404 where there is none
//	PUT    /{key}   keep the body under key: 201, or 204 in place of another
//	DELETE /{key}   204, whether there was something or not
//	GET    /stats   Stats as JSON; there can be no key of this name
//	DELETE /        everything, or with prefix or tag what has those: 204
//
// HEAD answers like GET, OPTIONS tells the methods. A key is one element of the
// path, with a slash in it as %2F: UTF-8 without control characters. A PUT may
// have a ttl, as parameter or as the header StreamGate-TTL, in seconds or as a
// duration such as 1h30m, and up to 16 parameters tag. Answers to GET and
// DELETE say in the header StreamGate-Cache whether there was something, "hit"
// or "miss", and in StreamGate-TTL how many seconds it still lives.
//
// What is kept is shown by nobody's browser: values come with nosniff and in a
// sandbox, since whoever may write could else run scripts where the operator's
// pages are.
//
// Errors are application/problem+json. A body that does not arrive within 30 s
// is a 408. The handler may serve concurrently.
func NewHandler(c *Cache[string, Value], o *HandlerOptions) (http.Handler, error) {
	if c == nil {
		return nil, errors.New("cache: NewHandler needs a Cache")
	}
	h := &handler{cache: c}
	if o != nil {
		h.o = *o
	}
	if h.o.MaxValue < 0 || h.o.MaxKey < 0 {
		return nil, errors.New("cache: MaxValue and MaxKey cannot be negative")
	}
	if h.o.Authorizer == nil {
		h.o.Authorizer = auth.OwnerOnly()
	}
	if h.o.Recorder == nil {
		h.o.Recorder = events.Discard()
	}
	if h.o.MaxValue == 0 {
		h.o.MaxValue = defaultMaxValue
	}
	if h.o.MaxKey == 0 {
		h.o.MaxKey = defaultMaxKey
	}
	return new(middleware.Bodies).Layer(h), nil
}

// ServeHTTP implements http.Handler.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if middleware.CrossOrigin(h.o.CrossOrigin, w, r) {
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	key, err := h.key(r.URL.EscapedPath())
	if err != nil {
		problem.Write(w, r, err)
		return
	}
	h.methods(key).Serve(w, r, key)
}

func (h *handler) methods(key string) endpoint.Methods[string] {
	switch key {
	case "":
		return endpoint.Methods[string]{http.MethodDelete: h.clear}
	case statsName:
		return endpoint.Methods[string]{http.MethodGet: h.stats, http.MethodHead: h.stats}
	}
	return endpoint.Methods[string]{
		http.MethodGet: h.get, http.MethodHead: h.get, http.MethodPut: h.put, http.MethodDelete: h.delete,
	}
}

// key returns what a path below the mount names; "" is the cache as a whole.
func (h *handler) key(escaped string) (string, error) {
	raw := strings.TrimPrefix(escaped, "/")
	if strings.Contains(raw, "/") {
		return "", problem.Errorf(problem.ErrNotFound, "there is nothing at this address; a slash in a key is written %%2F")
	}
	key, err := url.PathUnescape(raw)
	if err != nil {
		return "", problem.Because(problem.ErrBadRequest, err, "the key is not escaped as a path is")
	}
	if key == "" {
		return "", nil
	}
	return key, h.checkName("key", key)
}

// authorize asks whether the principal may do action.
func (h *handler) authorize(r *http.Request, action auth.Action, key string) error {
	return h.o.Authorizer.Authorize(r.Context(), auth.FromContext(r.Context()), action, auth.Object{Kind: AuthKind, ID: key})
}

// record tells what is about to happen.
func (h *handler) record(r *http.Request, what events.Type, data map[string]any) error {
	ctx := r.Context()
	return h.o.Recorder.Record(ctx, events.Event{
		Type: what, Time: time.Now().UTC(), Actor: auth.FromContext(ctx).ID, RequestID: requestid.FromContext(ctx), Data: data,
	})
}
