package hls

import (
	"net/http"

	"github.com/streamgate/streamgate/internal/problem"
)

// The ways in which a request is refused. Match them with errors.Is. Errors of
// the stores, of package media and of the Authorizer are answered as they are.
var (
	// ErrNotFound means that there is no such asset, file, revision, track or
	// segment, or no such path at all.
	ErrNotFound error = problem.NewKind(http.StatusNotFound, "not-found", "Not found")
	// ErrNotReady means that the asset does not play yet; Retry-After says when
	// to ask again.
	ErrNotReady error = problem.NewKind(http.StatusConflict, "not-ready", "It does not play yet")
	// ErrUnplayable means that the asset will never play.
	ErrUnplayable error = problem.NewKind(http.StatusConflict, "unplayable", "It does not play")
	// ErrMissing means that the bytes of an asset, or its index and its bytes, are
	// not in the storage any more: data was lost.
	ErrMissing error = problem.NewKind(http.StatusInternalServerError, "media-missing", "The media of this asset is missing")
	// ErrRange means that a range begins behind the end of what was asked for.
	ErrRange error = problem.NewKind(http.StatusRequestedRangeNotSatisfiable, "range", "The range is beyond the end")
	// ErrKeys means that the KeyProvider had no keys. Nothing is sent in the clear
	// instead.
	ErrKeys error = problem.NewKind(http.StatusServiceUnavailable, "keys-unavailable", "The keys are not available now")
)
