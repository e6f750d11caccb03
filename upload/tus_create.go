package upload

import (
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/metadata"
)

// serveTusCreate creates an upload, and takes the bytes that came along (tus
// 1.0, Creation and Creation With Upload).
func (up *Uploader) serveTusCreate(w http.ResponseWriter, r *http.Request) {
	err := tusRequest(w, r, true)
	var c creation
	if err == nil {
		c, err = up.tusCreation(r)
	}
	if err == nil && c.parts != nil {
		up.serveFinal(w, r, c)
		return
	}
	var s *session
	if err == nil {
		s, err = up.begin(w, r, c)
	}
	if err != nil {
		up.answerError(w, r, err)
		return
	}
	defer s.close()
	if withBody(r) {
		if err := up.takeChunk(w, r, s); err != nil {
			up.answerError(w, r, err)
			return
		}
		w.Header().Set("Upload-Offset", strconv.FormatInt(s.u.Offset, 10))
	}
	if s.u.Concat != "" {
		w.Header().Set(concatHeader, s.u.Concat)
	}
	setExpires(w.Header(), s.u)
	w.WriteHeader(http.StatusCreated)
}

func withBody(r *http.Request) bool {
	return r.ContentLength != 0 && contentType(r) == tusBody
}

func contentType(r *http.Request) string {
	t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return t
}

// tusCreation reads the headers of a creation.
func (up *Uploader) tusCreation(r *http.Request) (creation, error) {
	c := creation{protocol: "tus"}
	var err error
	if c.concat, c.parts, err = up.concatOf(r); err != nil {
		return c, err
	}
	if c.size, err = tusLength(r.Header, c.parts != nil); err != nil {
		return c, err
	}
	if c.metadata, err = parseMetadata(strings.Join(r.Header.Values("Upload-Metadata"), ",")); err != nil {
		return c, err
	}
	if c.concat == concatPartial {
		return c, nil // what is told of a part is kept, and means nothing
	}
	for _, name := range aboutFields {
		value, told := c.metadata[name]
		if !told {
			continue
		}
		if err := c.about.set(name, value); err != nil {
			return c, err
		}
	}
	return c, nil
}

// tusLength reads Upload-Length, or Upload-Defer-Length as -1. The length of a
// final upload is that of its parts.
func tusLength(h http.Header, final bool) (int64, error) {
	length, deferred := h.Get("Upload-Length"), h.Get("Upload-Defer-Length")
	switch {
	case final && length == "" && deferred == "":
		return -1, nil
	case final:
		return 0, problem.Errorf(problem.ErrBadRequest, "a final upload is as long as its parts: leave Upload-Length and Upload-Defer-Length away")
	case length != "" && deferred != "":
		return 0, problem.Errorf(problem.ErrBadRequest, "Upload-Length and Upload-Defer-Length exclude each other")
	case deferred == "1":
		return -1, nil
	case length == "":
		return 0, problem.Errorf(problem.ErrBadRequest, "Upload-Length (or Upload-Defer-Length: 1) is missing")
	}
	return wholeNumber("Upload-Length", length)
}

// wholeNumber reads a header that is digits and nothing else.
func wholeNumber(name, s string) (int64, error) {
	n, err := strconv.ParseUint(s, 10, 63)
	if err != nil {
		return 0, problem.Errorf(problem.ErrBadRequest, "%s is not a number of bytes", name)
	}
	return int64(n), nil
}

// over says why an upload takes no more bytes, other than by being complete.
func over(u *metadata.Upload) error {
	switch {
	case u.State == metadata.UploadFailed:
		return problem.Errorf(ErrGone, "this upload was refused: %s", u.Error)
	case u.State == metadata.UploadCanceled:
		return problem.Errorf(ErrGone, "this upload is over: %s", u.Error)
	case expired(u):
		return problem.Errorf(ErrGone, "this upload is over: %s", reasonExpired)
	}
	return nil
}
