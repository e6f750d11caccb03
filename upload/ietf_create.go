package upload

import "net/http"

// serveIETFCreate creates an upload and takes the bytes that came along: all,
// some, or none (draft, Upload Creation).
func (up *Uploader) serveIETFCreate(w http.ResponseWriter, r *http.Request) {
	q := &ietfRequest{draft: draftOf(r), up: up}
	q.answers(w.Header())
	c, err := q.creation(r)
	var s *session
	if err == nil {
		s, err = up.begin(w, r, c)
	}
	if err != nil {
		q.answerError(w, r, nil, err)
		return
	}
	defer s.close()
	q.announceIETF(w, r, s)
	a, err := q.take(w, r, s)
	if err != nil {
		q.answerError(w, r, s, err)
		return
	}
	q.answer(w, r, s, a, http.StatusCreated)
}

// maxMediaType is the length of the longest media type (RFC 6838 §4.2).
const maxMediaType = 127 + len("/") + 127

// creation reads the headers of a creation.
func (q *ietfRequest) creation(r *http.Request) (creation, error) {
	c := creation{protocol: ietfProtocol, metadata: make(map[string]string)}
	q.complete, _ = q.draft.complete(r.Header)
	if err := q.readLength(r); err != nil {
		return c, err
	}
	var err error
	if q.digests, err = contentDigests(r.Header); err != nil {
		return c, err
	}
	promised, err := reprDigest(r.Header)
	if err != nil {
		return c, err
	}
	if promised != "" && !q.up.o.NoHash {
		c.metadata[reprKey] = promised
	}
	if t := contentType(r); t != "" && len(t) <= maxMediaType {
		c.metadata["content-type"] = t
	}
	c.size = q.length
	c.about, err = aboutPlain(r)
	return c, err
}
