package middleware

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/streamgate/streamgate/internal/access"
)

// In bytes.
const (
	maxLoggedPath   = 1024
	maxLoggedMethod = 32
)

// BeginOptions are those of Begin.
type BeginOptions struct {
	Logger   *slog.Logger // of the access log
	Endpoint any          // what the context has under EndpointKey
	Quiet    bool         // leaves the X-Request-ID out of answers

	// Remote is who sent a request, for the log. nil: whoever opened the
	// connection, with the port.
	Remote func(*http.Request) string
}

// EndpointKey is that of BeginOptions.Endpoint.
type EndpointKey struct{}

// RequestKey is that of the *http.Request that something is done for.
type RequestKey struct{}

// Begin is the outermost layer. It gives the request an id, which its answer
// carries, and writes one line to the access log when it has been answered: at
// level Info, Warn for a status of 400 and above, Error for one of 500 and
// above. The query is left out: it is where credentials travel.
func Begin(o BeginOptions) func(http.Handler) http.Handler {
	handler := o.Logger.Handler()
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			x := begin(w, r, &o)
			method, path := r.Method, r.URL.Path
			finished := false
			defer func() { // on a panic, too
				x.log(handler, &o, method, path, finished)
			}()
			next.ServeHTTP(x.writer, &x.req)
			x.res.Begin() // a handler that writes nothing has answered 200
			finished = true
		})
	}
}

// log goes to the handler itself: a Logger would look for the line of code that
// logs, which is always this one.
func (x *exchange) log(handler slog.Handler, o *BeginOptions, method, path string, finished bool) {
	level := x.level(finished)
	if !handler.Enabled(x, level) {
		return
	}
	remote := x.req.RemoteAddr
	if o.Remote != nil {
		remote = o.Remote(&x.req)
	}
	took := time.Since(x.began)
	line := slog.NewRecord(x.began.Add(took), level, "request", 0)
	line.AddAttrs(
		slog.String("method", method[:min(len(method), maxLoggedMethod)]),
		slog.String("path", path[:min(len(path), maxLoggedPath)]),
		slog.Int("status", x.res.Status()),
		slog.Int64("bytes", x.res.Bytes()),
		slog.Duration("duration", took),
		slog.String("remote", remote),
		slog.String("request_id", *x.name()),
	)
	line.AddAttrs(found(&x.entry)...)
	if !finished {
		line.AddAttrs(slog.Bool("aborted", true))
	}
	_ = handler.Handle(context.WithoutCancel(x), line) // there is nobody to tell
}

// found is what the layers below found out.
func found(entry *access.Entry) []slog.Attr {
	var attrs []slog.Attr
	if p := entry.Principal(); p != "" {
		attrs = append(attrs, slog.String("principal", p))
	}
	err := entry.Err()
	if err == nil {
		return attrs
	}
	attrs = append(attrs, slog.String("error", err.Error()))
	if p := new(PanicError); errors.As(err, &p) {
		attrs = append(attrs, slog.String("stack", string(p.Stack)))
	}
	return attrs
}

// level goes by the status, and by what went wrong after that was sent.
func (x *exchange) level(finished bool) slog.Level {
	status := x.res.Status()
	err := x.entry.Err()
	_, panicked := errors.AsType[*PanicError](err)
	switch {
	case status >= http.StatusInternalServerError, panicked:
		return slog.LevelError
	case status >= http.StatusBadRequest, !finished, err != nil:
		return slog.LevelWarn
	}
	return slog.LevelInfo
}
