// Package media says what is in a file: its container, its tracks, their
// samples, and the compact index from which segments are served.
package media

import (
	"net/http"

	"github.com/streamgate/streamgate/internal/problem"
)

// The ways in which a file is refused. Match them with errors.Is; the detail
// says in a sentence what is wrong with this file.
var (
	// ErrInvalid means that the file is broken: truncated, inconsistent, hostile.
	ErrInvalid error = problem.NewKind(http.StatusUnprocessableEntity, "media-invalid", "The file is broken")
	// ErrEncrypted means that the samples are encrypted.
	ErrEncrypted error = problem.NewKind(http.StatusUnprocessableEntity, "media-encrypted", "The file is encrypted")
	// ErrNoMedia means that there is no audio or video in it.
	ErrNoMedia error = problem.NewKind(http.StatusUnprocessableEntity, "media-empty", "There is no audio or video in the file")
	// ErrUnsupported means that the file may be fine, but HLS cannot carry it as
	// it is: a transcoder has to make something else of it.
	ErrUnsupported error = problem.NewKind(http.StatusUnsupportedMediaType, "media-unsupported", "HLS cannot carry this file as it is")
	// ErrRendition means that the file is in order, but does not show the same as
	// the one that it was to be a rendition of, or cannot be cut where that is.
	ErrRendition error = problem.NewKind(http.StatusUnprocessableEntity, "media-rendition", "The file is no rendition of this asset")
	// ErrIndex means that a stored index is damaged or of another version. The
	// source can be parsed again.
	ErrIndex error = problem.NewKind(http.StatusInternalServerError, "media-index", "The index of the file is damaged")
	// ErrNoSegment means that there is no such segment.
	ErrNoSegment error = problem.NewKind(http.StatusNotFound, "not-found", "Not found")
)
