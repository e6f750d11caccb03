package problem

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"math"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/streamgate/streamgate/internal/access"
	"github.com/streamgate/streamgate/internal/requestid"
)

// TypePrefix begins the type URI of every problem; the kind's slug follows.
const TypePrefix = "urn:streamgate:problem:"

// RetryAfter is the field that becomes the Retry-After header: a time.Duration
// or a number of seconds.
const RetryAfter = "retry_after"

// Write answers r with err as application/problem+json (RFC 9457 §3) and hands
// err, with its cause, to the access log. The client sees the kind's title, the
// detail and fields of an *Error, and the request id; never a cause. An error
// without a kind is a 500.
//
// The answer must not have begun. Where it has, use Report.
func Write(w http.ResponseWriter, r *http.Request, err error) {
	Report(r, err)
	e := occurrence(r, err)
	body := encode(e, requestid.FromContext(r.Context()))

	h := w.Header()
	for _, name := range []string{"Content-Encoding", "Content-Disposition", "Etag", "Last-Modified", "Expires"} {
		h.Del(name) // they described what was not sent
	}
	if e.Kind.Status != http.StatusRequestedRangeNotSatisfiable {
		h.Del("Content-Range") // which a 416 uses to say how long it is: RFC 9110 §15.5.17
	}
	h.Set("Content-Type", "application/problem+json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if s := retrySeconds(e.Fields[RetryAfter]); s > 0 {
		h.Set("Retry-After", strconv.Itoa(s))
	}
	w.WriteHeader(e.Kind.Status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // a client that is gone needs no answer
	}
}

// Method answers 405 with the methods that are allowed, in the Allow header too.
func Method(w http.ResponseWriter, r *http.Request, allowed ...string) {
	list := strings.Join(allowed, ", ")
	w.Header().Set("Allow", list)
	Write(w, r, Errorf(ErrMethod, "%s is not possible here; use %s", r.Method, list))
}

// Report hands err to the access log of r and answers nothing: for what fails
// when the answer has begun already.
//
// Where there is no access log, because a handler stands alone, what is the
// server's own fault goes to slog.Default(), so that it is told somewhere.
func Report(r *http.Request, err error) {
	entry := access.FromContext(r.Context())
	entry.SetError(err)
	if entry == nil && occurrence(r, err).Kind.Status >= http.StatusInternalServerError {
		slog.ErrorContext(r.Context(), "request failed", "method", r.Method, "path", r.URL.Path, "error", err)
	}
}

// occurrence finds what to tell the client of err.
func occurrence(r *http.Request, err error) *Error {
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		return &Error{Kind: mustKind(ErrClientGone)}
	}
	kind := KindOf(err)
	if kind == nil {
		return kindless(err)
	}
	var e *Error
	if errors.As(err, &e) && e.Kind == kind {
		return e
	}
	return &Error{Kind: kind}
}

// kindless gives a kind to the errors of the standard library that have a
// meaning for the client. All else is our fault and says nothing.
func kindless(err error) *Error {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return &Error{
			Kind:   mustKind(ErrTooLarge),
			Detail: "the body is larger than the " + strconv.FormatInt(tooLarge.Limit, 10) + " bytes that are accepted here",
			Fields: map[string]any{"limit": tooLarge.Limit},
		}
	case errors.Is(err, os.ErrDeadlineExceeded) && !errors.Is(err, context.DeadlineExceeded):
		return &Error{Kind: mustKind(ErrTimeout), Detail: "the body stopped arriving; send it again, or resume it"}
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return &Error{Kind: mustKind(ErrUnavailable), Detail: "this was not done in time; try again later"}
	}
	return &Error{Kind: mustKind(ErrInternal), Detail: "this is a fault of the server; its log tells more under the request id"}
}

// encode returns the problem's members. The standard ones win over fields.
func encode(e *Error, requestID string) []byte {
	members := maps.Clone(e.Fields)
	if members == nil {
		members = make(map[string]any, 5)
	}
	if d, ok := members[RetryAfter].(time.Duration); ok {
		members[RetryAfter] = retrySeconds(d)
	}
	members["type"] = TypePrefix + e.Kind.Slug
	if e.Type != "" {
		members["type"] = e.Type
	}
	members["title"] = e.Kind.Title
	members["status"] = e.Kind.Status
	delete(members, "detail")
	if e.Detail != "" {
		members["detail"] = e.Detail
	}
	if requestID != "" {
		members["request_id"] = requestID
	}
	body, err := json.Marshal(members)
	if err != nil { // a field that is no JSON value
		return encode(&Error{Kind: e.Kind, Type: e.Type, Detail: e.Detail}, requestID)
	}
	return append(body, '\n')
}

func retrySeconds(v any) int {
	switch v := v.(type) {
	case time.Duration:
		return int(math.Ceil(v.Seconds()))
	case int:
		return v
	}
	return 0
}
