package problem

import "net/http"

// The kinds that belong to no package: what can go wrong with any request.
var (
	ErrInternal    error = NewKind(http.StatusInternalServerError, "internal", "Something went wrong")
	ErrBadRequest  error = NewKind(http.StatusBadRequest, "bad-request", "The request is not valid")
	ErrNotFound    error = NewKind(http.StatusNotFound, "not-found", "Not found")
	ErrMethod      error = NewKind(http.StatusMethodNotAllowed, "method-not-allowed", "Method not allowed")
	ErrTimeout     error = NewKind(http.StatusRequestTimeout, "request-timeout", "The request took too long to arrive")
	ErrMediaType   error = NewKind(http.StatusUnsupportedMediaType, "unsupported-media-type", "The body is of a type that is not understood here")
	ErrTooLarge    error = NewKind(http.StatusRequestEntityTooLarge, "too-large", "Too large")
	ErrUnavailable error = NewKind(http.StatusServiceUnavailable, "unavailable", "Not available now")
	// ErrClientGone is for the access log: the client went away before its
	// answer, which nobody reads. 499 is no registered status, but the one that
	// operators know for it.
	ErrClientGone error = NewKind(499, "client-gone", "The client went away")
)
