package upload

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/metadata"
)

// An ietfRequest is a request that brings bytes, as its headers say.
type ietfRequest struct {
	draft
	up *Uploader

	complete bool  // its end is the end of the file
	offset   int64 // where the client would write
	length   int64 // of the whole file; -1 where it does not tell
	digests  []contentDigest

	gathered http.Header // for the answer, while w.Header() has the fields of a 104
	informed time.Time   // of the last 104
}

// readLength reads how long the file is: Upload-Length tells, and so does the
// length of a body that ends it.
func (q *ietfRequest) readLength(r *http.Request) error {
	q.length = -1
	told, ok := fieldSize(r.Header, lengthField)
	if q.complete && r.ContentLength >= 0 {
		if r.ContentLength > math.MaxInt64-q.offset {
			return q.up.errTooLarge()
		}
		q.length = q.offset + r.ContentLength
		if ok && told != q.length {
			return errLength("Upload-Length says %d, and this body ends the file at %d", told, q.length)
		}
	}
	if ok {
		q.length = told
	}
	return nil
}

// take appends the request's body, and completes the upload where the request
// says so. The asset is nil where it does not.
func (q *ietfRequest) take(w http.ResponseWriter, r *http.Request, s *session) (*metadata.Asset, error) {
	ctx := r.Context()
	err := q.takeContent(w, r, s)
	var a *metadata.Asset
	switch {
	case err != nil:
	case q.complete:
		a, err = s.finish(ctx, "")
	default:
		err = s.checkpoint(ctx)
	}
	if err != nil {
		return nil, q.end(ctx, s, err)
	}
	return a, nil
}

// takeContent appends the body and holds it to its digests. What has digests is
// taken whole or not at all, so nothing is told of it on the way.
func (q *ietfRequest) takeContent(w http.ResponseWriter, r *http.Request, s *session) error {
	s.check = newContentCheck(q.digests)
	if r.ContentLength != 0 {
		q.follow(w, r, s)
		err := s.takeBody(r.Context(), q.up.newBody(w, r.Body, s.hold))
		s.durably = nil
		if err != nil {
			return err
		}
	}
	if err := compareContent(s.check, q.digests); err != nil {
		return err
	}
	s.check = nil
	return s.verdict
}

// end sees to what an error leaves behind. Since draft -08 an upload whose bytes
// go beyond its length is spoilt; before, the request alone was.
func (q *ietfRequest) end(ctx context.Context, s *session, err error) error {
	if errors.Is(err, ErrTooLarge) && s.u.State == metadata.UploadOpen && q.version >= spoiltFrom {
		return s.refuse(ctx, err)
	}
	return s.end(ctx, err)
}

// answer answers a request whose body was taken.
func (q *ietfRequest) answer(w http.ResponseWriter, r *http.Request, s *session, a *metadata.Asset, status int) {
	if !q.gather(w, r) {
		return
	}
	h := w.Header()
	h.Set(offsetField, strconv.FormatInt(s.u.Offset, 10))
	h.Set(assetHeader, s.u.Asset)
	q.setComplete(h, a != nil)
	q.setLimit(h, q.up, s.u)
	if a != nil { // what the creation would have answered, had all come with it
		q.up.answerReceived(w, r, http.StatusCreated, s.u, a)
		return
	}
	w.WriteHeader(status)
}

// answerError answers with a problem. The upload is over where the error is about
// the file; else the client may go on. s is nil where there is no upload at hand.
func (q *ietfRequest) answerError(w http.ResponseWriter, r *http.Request, s *session, err error) {
	if !q.gather(w, r) {
		problem.Report(r, err)
		return
	}
	h := w.Header()
	over := errors.Is(err, ErrTooLarge) || errors.Is(err, ErrEmpty)
	if s != nil {
		over = s.u.State != metadata.UploadOpen
		h.Set(offsetField, strconv.FormatInt(s.durable, 10))
		if over {
			h.Del(offsetField)
		}
	}
	q.setComplete(h, over)
	if errors.Is(err, ErrIdle) {
		err = later(err, sentence(err))
	}
	if errors.Is(err, ErrTooLarge) {
		q.setLimit(h, q.up, nil)
	}
	q.up.answerError(w, r, err)
}

// busy says that the request before this one is still being seen to.
func busy(err error) error {
	if !errors.Is(err, ErrLocked) {
		return err
	}
	return later(err, "an earlier request to this upload is still being completed; ask again in a moment")
}

// later is for a client that gives up after a 4xx and need not.
func later(err error, detail string) error {
	return &problem.Error{
		Kind: problem.KindOf(problem.ErrUnavailable), Detail: detail, Cause: err,
		Fields: map[string]any{problem.RetryAfter: time.Second},
	}
}
