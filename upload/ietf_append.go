package upload

import (
	"net/http"
	"strconv"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/metadata"
)

// serveIETFAppend appends (draft, Upload Append).
func (up *Uploader) serveIETFAppend(w http.ResponseWriter, r *http.Request, id string) {
	q := &ietfRequest{draft: draftOf(r), up: up}
	q.answers(w.Header())
	if err := q.readAppend(w, r); err != nil {
		q.answerError(w, r, nil, err)
		return
	}
	s, err := q.resume(r, id)
	if err != nil {
		q.answerError(w, r, nil, err)
		return
	}
	defer s.close()
	if s.u.State == metadata.UploadComplete {
		q.replay(w, r, s)
		return
	}
	if err := q.admit(r, s); err != nil {
		q.answerError(w, r, s, err)
		return
	}
	a, err := q.take(w, r, s)
	if err != nil {
		q.answerError(w, r, s, err)
		return
	}
	status := http.StatusNoContent
	if q.version <= createdUntil {
		status = http.StatusCreated
	}
	q.answer(w, r, s, a, status)
}

// readAppend reads the headers of an append.
func (q *ietfRequest) readAppend(w http.ResponseWriter, r *http.Request) error {
	if q.version >= partialUploadFrom && contentType(r) != ietfBody {
		w.Header().Set("Accept-Patch", ietfBody)
		return problem.Errorf(ErrType, "an append needs Content-Type: %s", ietfBody)
	}
	var told bool
	if q.offset, told = fieldSize(r.Header, offsetField); !told {
		return problem.Errorf(problem.ErrBadRequest, "%s is missing, or is not a number of bytes", offsetField)
	}
	q.complete, told = q.draft.complete(r.Header)
	switch {
	case told:
	case q.version == oldestDraft: // there the last append may leave it away
		q.complete = true
	default:
		return problem.Errorf(problem.ErrBadRequest, "%s is missing, or is not ?0 or ?1", completeField)
	}
	if err := q.readLength(r); err != nil {
		return err
	}
	var err error
	q.digests, err = contentDigests(r.Header)
	return err
}

// resume takes the upload for this request. A writer that is still there is one
// that its client has given up (draft, Concurrency): it is ended.
func (q *ietfRequest) resume(r *http.Request, id string) (*session, error) {
	u, err := q.up.lookup(r.Context(), id, auth.Update)
	if err == nil {
		err = takesBytes(u)
	}
	if err != nil {
		return nil, err
	}
	s, err := q.up.resume(r.Context(), id, anybody)
	if err != nil {
		return nil, busy(err)
	}
	if err := over(s.u); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// admit checks an append by its headers, before a byte of it is read.
func (q *ietfRequest) admit(r *http.Request, s *session) error {
	if q.offset != s.u.Offset {
		return errMismatch(s.u.Offset, q.offset)
	}
	if err := q.agree(s); err != nil {
		return err
	}
	switch {
	case r.ContentLength <= s.room():
		return nil
	case s.u.Size >= 0:
		return errLength("this body would go beyond the length of %d", s.u.Size)
	}
	return s.tooLarge()
}

// agree takes the length that the request tells, or holds it to the one that is
// known.
func (q *ietfRequest) agree(s *session) error {
	limit := s.up.o.MaxSize
	switch {
	case q.length < 0 || q.length == s.u.Size:
		return nil
	case s.u.Size >= 0:
		return errLength("the upload has the length %d already, not %d", s.u.Size, q.length)
	case limit > 0 && q.length > limit:
		return s.up.errTooLarge()
	case q.length < s.u.Offset:
		return errLength("%d bytes are here already, more than the length of %d", s.u.Offset, q.length)
	case q.length == 0 && !q.complete:
		return errEmpty()
	}
	s.u.Size = q.length
	return nil
}

// replay answers an append to an upload that is complete. One that would add
// nothing is of a client that did not hear the answer: it gets it again.
func (q *ietfRequest) replay(w http.ResponseWriter, r *http.Request, s *session) {
	var err error
	switch {
	case q.version >= partialUploadFrom && q.version <= completedTypeUntil && (q.offset != s.u.Size || r.ContentLength != 0):
		err = errCompleted()
	case q.offset != s.u.Size:
		err = errMismatch(s.u.Size, q.offset)
	case r.ContentLength != 0 || !q.complete:
		err = problem.Errorf(ErrComplete, "the upload is complete with %d bytes, and takes no more", s.u.Size)
	}
	var a *metadata.Asset
	if err == nil {
		a, err = q.up.meta.Asset(r.Context(), s.u.Asset)
	}
	if err != nil {
		w.Header().Set(offsetField, strconv.FormatInt(s.u.Size, 10))
		q.answerError(w, r, nil, err)
		return
	}
	q.answer(w, r, s, a, http.StatusCreated)
}
