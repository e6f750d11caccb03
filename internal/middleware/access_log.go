package middleware

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/streamgate/streamgate/internal/access"
	"github.com/streamgate/streamgate/internal/requestid"
	"github.com/streamgate/streamgate/internal/response"
)

const maxLoggedPath = 1024 // bytes

// AccessLog writes one line for each request when it has been answered: at
// level Info, Warn for a status of 400 and above, Error for one of 500 and
// above. The query is left out: it is where credentials travel.
func AccessLog(logger *slog.Logger) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			begin := time.Now()
			method, path := r.Method, r.URL.Path
			ctx, entry := access.NewContext(r.Context())
			res, w := response.Record(w)
			finished := false
			defer res.Release()
			defer func() { // on a panic, too
				if !logger.Enabled(ctx, level(res.Status())) {
					return
				}
				attrs := []slog.Attr{
					slog.String("method", method),
					slog.String("path", path[:min(len(path), maxLoggedPath)]),
					slog.Int("status", res.Status()),
					slog.Int64("bytes", res.Bytes()),
					slog.Duration("duration", time.Since(begin)),
					slog.String("remote", r.RemoteAddr),
					slog.String("request_id", requestid.FromContext(ctx)),
				}
				attrs = append(attrs, found(entry)...)
				if !finished {
					attrs = append(attrs, slog.Bool("aborted", true))
				}
				logger.LogAttrs(context.WithoutCancel(ctx), level(res.Status()), "request", attrs...)
			}()
			next.ServeHTTP(w, r.WithContext(ctx))
			res.Begin() // a handler that writes nothing has answered 200
			finished = true
		})
	}
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

func level(status int) slog.Level {
	switch {
	case status >= http.StatusInternalServerError:
		return slog.LevelError
	case status >= http.StatusBadRequest:
		return slog.LevelWarn
	}
	return slog.LevelInfo
}
