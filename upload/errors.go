package upload

import (
	"net/http"

	"github.com/streamgate/streamgate/internal/problem"
)

// The ways in which an upload is refused. Match them with errors.Is.
var (
	ErrNotFound error = problem.NewKind(http.StatusNotFound, "not-found", "Not found")
	// ErrGone means that the upload was cancelled, has expired or was refused for its content.
	ErrGone     error = problem.NewKind(http.StatusGone, "upload-gone", "This upload is over")
	ErrTooLarge       = problem.ErrTooLarge
	ErrEmpty    error = problem.NewKind(http.StatusBadRequest, "upload-empty", "There is nothing in it")
	ErrType     error = problem.NewKind(http.StatusUnsupportedMediaType, "upload-type", "Not audio or video")
	// ErrRefused means that a whole file was looked at and thrown away, while its
	// asset has another: the detail says why.
	ErrRefused error = problem.NewKind(http.StatusUnprocessableEntity, "upload-refused", "The file was not taken")
	// ErrOffset means that the client would write where the upload does not end.
	ErrOffset error = problem.NewKind(http.StatusConflict, "upload-offset", "The upload ends elsewhere")
	// ErrLocked means that another request is writing to the upload.
	ErrLocked     error = problem.NewKind(http.StatusLocked, "upload-locked", "Another request is writing")
	ErrIncomplete error = problem.NewKind(http.StatusConflict, "upload-incomplete", "Bytes are missing")
	ErrComplete   error = problem.NewKind(http.StatusConflict, "upload-complete", "The upload is complete")
	ErrChecksum   error = problem.NewKind(http.StatusConflict, "checksum-mismatch", "The checksum does not match")
	// ErrChunk means that a chunk does not have its checksum; 460 is tus's own status.
	ErrChunk error = problem.NewKind(460, "chunk-checksum", "The checksum of the chunk does not match")
	// ErrNoHash means that a checksum was asked for where none is computed.
	ErrNoHash error = problem.NewKind(http.StatusUnprocessableEntity, "checksum-off", "There is no checksum to compare")
	// ErrCut means that a body ended before it was whole: what arrived is kept.
	ErrCut error = problem.NewKind(http.StatusBadRequest, "body-cut-short", "The body ended early")
	// ErrIdle means that no byte came for too long: what arrived is kept.
	ErrIdle error = problem.NewKind(http.StatusRequestTimeout, "body-idle", "The body stopped arriving")
	// ErrTooMany means that the owner has as many open uploads, or bytes in them, as
	// are allowed.
	ErrTooMany error = problem.NewKind(http.StatusTooManyRequests, "uploads-too-many", "Too many uploads at the same time")
	// ErrQuota means that there is no room for this owner. It is no 507, which
	// clients take for a reason to try the same again soon.
	ErrQuota error = problem.NewKind(http.StatusRequestEntityTooLarge, "quota-exceeded", "The quota is used up")
	// ErrNotAllowed is what Refuse returns.
	ErrNotAllowed error = problem.NewKind(http.StatusForbidden, "upload-not-allowed", "This upload is not allowed")

	ErrDraining error = problem.NewKind(http.StatusServiceUnavailable, "shutting-down", "The server is shutting down")
	ErrVersion  error = problem.NewKind(http.StatusPreconditionFailed, "tus-version", "Another version of tus")
)
