package upload

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/metadata"
)

// servePatch appends (tus 1.0, PATCH).
func (up *Uploader) servePatch(w http.ResponseWriter, r *http.Request, id string) {
	if ietfAsks(r) {
		up.serveIETFAppend(w, r, id)
		return
	}
	s, err := up.admitPatch(w, r, id)
	if err != nil {
		up.answerError(w, r, err)
		return
	}
	defer s.close()
	if s.u.State == metadata.UploadOpen { // else it is repeated, and was whole already
		if err := up.takeChunk(w, r, s); err != nil {
			up.answerError(w, r, err)
			return
		}
	}
	w.Header().Set("Upload-Offset", strconv.FormatInt(s.u.Offset, 10))
	setAsset(w.Header(), s.u)
	setExpires(w.Header(), s.u)
	w.WriteHeader(http.StatusNoContent)
}

// admitPatch returns a session that stands where the client says it does.
func (up *Uploader) admitPatch(w http.ResponseWriter, r *http.Request, id string) (*session, error) {
	if err := tusRequest(w, r, true); err != nil {
		return nil, err
	}
	if contentType(r) != tusBody {
		return nil, problem.Errorf(ErrType, "a PATCH needs Content-Type: %s", tusBody)
	}
	offset, err := wholeNumber("Upload-Offset", r.Header.Get("Upload-Offset"))
	if err != nil {
		return nil, err
	}
	u, err := up.lookup(r.Context(), id, auth.Update)
	if err == nil {
		err = takesBytes(u)
	}
	if err != nil {
		return nil, err
	}
	s, err := up.resume(r.Context(), id, dead)
	if err != nil {
		return nil, err
	}
	if err := s.admitChunk(r, offset); err != nil {
		w.Header().Set("Upload-Offset", strconv.FormatInt(s.u.Offset, 10))
		s.close()
		return nil, err
	}
	return s, nil
}

// takesBytes says why an upload takes none from a client, other than by being
// complete.
func takesBytes(u *metadata.Upload) error {
	if isFinal(u) {
		return problem.Errorf(ErrFinal, "this upload has the bytes of its parts and takes no others")
	}
	return over(u)
}

// admitChunk checks a chunk by its headers, before a byte of it is read.
func (s *session) admitChunk(r *http.Request, offset int64) error {
	if err := over(s.u); err != nil {
		return err
	}
	if offset != s.u.Offset {
		return problem.Errorf(ErrOffset, "the upload ends at %d, not at %d; go on from there", s.u.Offset, offset)
	}
	if err := s.setLength(r.Header.Get("Upload-Length")); err != nil {
		return err
	}
	if r.ContentLength > s.room() {
		return s.tooLarge()
	}
	return nil
}

// setLength takes a length that the creation left open.
func (s *session) setLength(header string) error {
	if header == "" {
		return nil
	}
	size, err := wholeNumber("Upload-Length", header)
	switch {
	case err != nil:
		return err
	case size == s.u.Size:
		return nil
	case s.u.Size >= 0:
		return problem.Errorf(problem.ErrBadRequest, "the upload has the length %d already", s.u.Size)
	case s.up.o.MaxSize > 0 && size > s.up.o.MaxSize:
		return s.up.errTooLarge()
	case size == 0:
		return errEmpty()
	case size < s.u.Offset:
		return problem.Errorf(problem.ErrBadRequest, "%d bytes are here already, more than Upload-Length", s.u.Offset)
	}
	s.u.Size = size
	return nil
}

// takeChunk appends the request's body and completes the upload when it is
// whole. On an error what arrived is kept, and the answer tells the offset.
func (up *Uploader) takeChunk(w http.ResponseWriter, r *http.Request, s *session) error {
	ctx := r.Context()
	err := s.takeChecked(w, r)
	switch {
	case err != nil:
	case s.u.Offset == s.u.Size:
		_, err = s.finish(ctx, "")
	default:
		err = s.checkpoint(ctx)
	}
	if err == nil {
		return nil
	}
	err = s.end(ctx, err)
	if s.u.State == metadata.UploadOpen {
		w.Header().Set("Upload-Offset", strconv.FormatInt(s.durable, 10))
	}
	return s.goOn(err)
}

// goOn is for clients that give up after a 408, and ask where to go on after a
// 409: the network stood still, the upload need not.
func (s *session) goOn(err error) error {
	if !errors.Is(err, ErrIdle) {
		return err
	}
	return problem.Because(ErrOffset, err, "the body stopped arriving; the upload ends at %d, go on from there", s.durable)
}

// takeChecked appends the body and holds it to its checksum, if it has one. Until
// that is found right nothing of the chunk is written down, and an error leaves
// the upload as it was.
func (s *session) takeChecked(w http.ResponseWriter, r *http.Request) (err error) {
	if s.check, err = chunkChecksum(r); err != nil {
		return err
	}
	if err := s.takeBody(r.Context(), s.up.newBody(w, r.Body, s.hold)); err != nil {
		return err
	}
	if s.check != nil {
		if err := s.check.compare(r); err != nil {
			return err
		}
	}
	s.check = nil
	return s.verdict
}
