package events

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/internal/middleware"
	"github.com/streamgate/streamgate/internal/problem"
)

const (
	defaultHeartbeat    = 15 * time.Second
	defaultRetry        = 2 * time.Second
	defaultWriteTimeout = 10 * time.Second
	defaultMaxDuration  = time.Hour

	replayPage = 100 // events asked of the Log at a time
)

// HandlerOptions are the options of NewHandler; nil means the defaults.
type HandlerOptions struct {
	// Authorizer decides who may listen, by auth.List on auth.Event. What they
	// hear is always their own. Default: auth.OwnerOnly().
	Authorizer auth.Authorizer
	// Heartbeat is how long a stream may be silent before a comment keeps the
	// connection alive. Default: 15 s.
	Heartbeat time.Duration
	// Retry is what clients are told to wait before they connect again. Default: 2 s.
	Retry time.Duration
	// WriteTimeout is how long a client may take to accept what is sent, before
	// it is cut off. Default: 10 s.
	WriteTimeout time.Duration
	// MaxDuration is how long a stream lasts before the client has to connect,
	// and show who it is, again. Default: 1 h.
	MaxDuration time.Duration
}

// Handler serves live events as an event stream (WHATWG HTML §9.2, Server-sent
// events) at the root of where it is mounted.
//
// Each principal hears their own events: those of the Log with their ID, and
// those that only the Bus carries (such as upload.progress) without one. With
// the header Last-Event-ID, or the parameter last_event_id for a client that
// cannot set headers, a stream begins with what the Log has after that ID, and
// goes on live without a gap and without a duplicate. An ID that the Log has not
// reached, as after its database was restored from a backup, begins now like
// none; a comment says so. A client too slow for the bus gets what it missed
// from the Log.
type Handler struct {
	bus *Bus
	log Log
	o   HandlerOptions

	bodies middleware.Bodies // which nobody should send, and some do
}

// NewHandler returns a Handler for the events of bus, which carries those of
// log in the order of their IDs, as a Dispatcher publishes them.
func NewHandler(bus *Bus, log Log, o *HandlerOptions) *Handler {
	h := &Handler{bus: bus, log: log}
	if o != nil {
		h.o = *o
	}
	if h.o.Authorizer == nil {
		h.o.Authorizer = auth.OwnerOnly()
	}
	setDefault(&h.o.Heartbeat, defaultHeartbeat)
	setDefault(&h.o.Retry, defaultRetry)
	setDefault(&h.o.WriteTimeout, defaultWriteTimeout)
	setDefault(&h.o.MaxDuration, defaultMaxDuration)
	return h
}

func setDefault[T ~int | ~int64](v *T, d T) {
	if *v <= 0 {
		*v = d
	}
}

// ServeHTTP answers GET with the stream, which lasts until the client leaves,
// the bus is closed or MaxDuration has passed.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.bodies.Layer(http.HandlerFunc(h.answer)).ServeHTTP(w, r)
}

func (h *Handler) answer(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "" && r.URL.Path != "/" {
		problem.Write(w, r, problem.Errorf(problem.ErrNotFound, "there is nothing here but the stream of events itself"))
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		problem.Method(w, r, http.MethodGet, http.MethodHead)
		return
	}
	if err := h.serve(w, r); err != nil {
		problem.Write(w, r, err)
	}
}

// serve returns an error while the answer has not begun.
func (h *Handler) serve(w http.ResponseWriter, r *http.Request) error {
	p := auth.FromContext(r.Context())
	if err := h.o.Authorizer.Authorize(r.Context(), p, auth.List, auth.Object{Kind: auth.Event}); err != nil {
		return err
	}
	if p.ID == "" {
		return problem.Errorf(auth.ErrUnauthenticated, "events belong to somebody; sign in first")
	}
	last, err := lastEventID(r)
	if err != nil {
		return err
	}
	sub, err := h.bus.Subscribe(p.ID) // before the replay, so that nothing falls between
	if err != nil {
		return err
	}
	defer sub.Close()

	header := w.Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Accel-Buffering", "no") // nginx would hold events back
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return nil
	}
	ctx, cancel := context.WithTimeout(r.Context(), h.o.MaxDuration)
	defer cancel()
	s := &stream{
		log: h.log, sub: sub, owner: p.ID, last: max(last, 0),
		out: newEventWriter(w, h.o.WriteTimeout), heartbeat: h.o.Heartbeat, retry: h.o.Retry,
	}
	if err := s.run(ctx, last >= 0); err != nil && ctx.Err() == nil { // that the client left is no error
		problem.Report(r, err)
	}
	return nil
}

// lastEventID returns what the client heard last, -1 when it does not say.
func lastEventID(r *http.Request) (int64, error) {
	v := r.Header.Get("Last-Event-ID")
	if v == "" {
		v = r.URL.Query().Get("last_event_id")
	}
	if v == "" {
		return -1, nil
	}
	id, err := strconv.ParseInt(v, 10, 64)
	if err != nil || id < 0 {
		return 0, problem.Errorf(problem.ErrBadRequest, "the last event id %q is not the id of an event", v)
	}
	return id, nil
}
