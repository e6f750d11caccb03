package upload

import (
	"context"
	"net/http"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/metadata"
)

// asksIETF says whether whoever asks for the offset speaks this protocol: its
// fields say so, or the upload where the request says nothing at all.
func (up *Uploader) asksIETF(r *http.Request, id string) bool {
	if ietfAsks(r) || r.Header.Get("Tus-Resumable") != "" {
		return ietfAsks(r)
	}
	u, err := up.lookup(r.Context(), id, auth.Read)
	return err == nil && u.Protocol == ietfProtocol
}

// serveOffset tells how far an upload is (draft, Offset Retrieval).
func (up *Uploader) serveOffset(w http.ResponseWriter, r *http.Request, id string) {
	d := draftOf(r)
	d.answers(w.Header())
	err := d.bare(r)
	var u *metadata.Upload
	if err == nil {
		u, err = up.offsetOf(r.Context(), id)
	}
	if err == nil {
		err = over(u)
	}
	if err != nil {
		up.answerError(w, r, err)
		return
	}
	d.setState(w.Header(), up, u)
	w.WriteHeader(http.StatusNoContent)
}

// bare refuses what the older drafts do not allow: the fields of an append where
// nothing is appended.
func (d draft) bare(r *http.Request) error {
	_, told := d.complete(r.Header)
	if d.named && d.version <= bareOffsetUntil && (told || r.Header.Get(offsetField) != "") {
		return problem.Errorf(problem.ErrBadRequest, "%s and %s do not belong to a %s", offsetField, completeField, r.Method)
	}
	return nil
}

// offsetOf returns an upload with an offset from which the next append may go on.
// A request that still writes is one that its client has given up: it is ended,
// for those who may write themselves. For others it is not, and they are told
// what was last written down.
func (up *Uploader) offsetOf(ctx context.Context, id string) (*metadata.Upload, error) {
	u, err := up.lookup(ctx, id, auth.Read)
	if err != nil {
		return nil, err
	}
	if over(u) != nil {
		return u, nil
	}
	if _, err := up.lookup(ctx, id, auth.Update); err != nil {
		return up.refresh(ctx, u)
	}
	s, err := up.resume(ctx, id, anybody)
	if err != nil {
		return nil, busy(err)
	}
	defer s.close()
	return s.u, nil
}

// statusFor returns the upload for a GET, and tells its state as HEAD does. Pages
// that show progress ask this way, too: only who names a draft ends a writer, and
// beside one all others get no offset.
func (up *Uploader) statusFor(w http.ResponseWriter, r *http.Request, u *metadata.Upload) (*metadata.Upload, error) {
	d := draftOf(r)
	var err error
	switch {
	case d.named && r.Header.Get("Tus-Resumable") == "":
		d.answers(w.Header())
		u, err = up.offsetOf(r.Context(), u.ID)
	case u.Protocol == ietfProtocol && up.holds.get(u.ID) == nil:
		u, err = up.refresh(r.Context(), u)
	default:
		return up.refresh(r.Context(), u)
	}
	if err == nil && over(u) == nil {
		d.setState(w.Header(), up, u)
	}
	return u, err
}
