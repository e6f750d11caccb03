package upload

import (
	"net/http"
	"strconv"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/metadata"
)

// tus resumable upload protocol 1.0.0, https://tus.io/protocols/resumable-upload
const (
	tusVersion    = "1.0.0"
	tusExtensions = "creation,creation-with-upload,creation-defer-length,checksum,checksum-trailer,expiration,termination,concatenation"
	tusBody       = "application/offset+octet-stream"
)

// serveDiscovery answers OPTIONS (tus 1.0, OPTIONS).
func (up *Uploader) serveDiscovery(w http.ResponseWriter, allow string) {
	h := w.Header()
	h.Set("Allow", allow)
	h.Set("Accept-Patch", ietfBody+", "+tusBody)
	h.Set(limitField, limitsText(up.limits()))
	h.Set("Tus-Resumable", tusVersion)
	h.Set("Tus-Version", tusVersion)
	h.Set("Tus-Extension", tusExtensions)
	h.Set("Tus-Checksum-Algorithm", tusAlgorithms)
	if up.o.MaxSize > 0 {
		h.Set("Tus-Max-Size", strconv.FormatInt(up.o.MaxSize, 10))
	}
	w.WriteHeader(http.StatusNoContent)
}

// tusRequest checks the version that the client speaks and says ours. A request
// that names none passes where the protocol itself is not in doubt.
func tusRequest(w http.ResponseWriter, r *http.Request, needed bool) error {
	w.Header().Set("Tus-Resumable", tusVersion)
	switch v := r.Header.Get("Tus-Resumable"); {
	case v == tusVersion, v == "" && !needed:
		return nil
	default:
		w.Header().Set("Tus-Version", tusVersion)
		return problem.Errorf(ErrVersion, "this needs the header Tus-Resumable: %s", tusVersion)
	}
}

// serveHead tells how far an upload is. While another request writes to it, that
// is the last offset written down as durable.
func (up *Uploader) serveHead(w http.ResponseWriter, r *http.Request, id string) {
	if up.asksIETF(r, id) {
		up.serveOffset(w, r, id)
		return
	}
	if err := tusRequest(w, r, false); err != nil {
		up.answerError(w, r, err)
		return
	}
	u, err := up.lookup(r.Context(), id, auth.Read)
	if err == nil {
		u, err = up.refresh(r.Context(), u)
	}
	if err == nil {
		err = over(u)
	}
	if err != nil {
		up.answerError(w, r, err)
		return
	}
	setTusHeaders(w.Header(), u)
	w.WriteHeader(http.StatusOK)
}

func setTusHeaders(h http.Header, u *metadata.Upload) {
	setAsset(h, u)
	if u.Concat != "" {
		h.Set(concatHeader, u.Concat)
	}
	if !isFinal(u) || u.State == metadata.UploadComplete { // else it has none yet
		h.Set("Upload-Offset", strconv.FormatInt(u.Offset, 10))
	}
	if u.Size >= 0 {
		h.Set("Upload-Length", strconv.FormatInt(u.Size, 10))
	} else {
		h.Set("Upload-Defer-Length", "1")
	}
	if len(u.Metadata) > 0 {
		h.Set("Upload-Metadata", formatMetadata(u.Metadata))
	}
	setExpires(h, u)
}

// setExpires says until when the upload may be resumed (tus 1.0, Expiration).
func setExpires(h http.Header, u *metadata.Upload) {
	if expires(u) && !u.ExpiresAt.IsZero() {
		h.Set("Upload-Expires", u.ExpiresAt.UTC().Format(http.TimeFormat))
	}
}
