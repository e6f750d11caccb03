package upload

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/metadata"
)

// serveFinal creates a final upload (tus 1.0, Concatenation) and answers when its
// parts are joined and the file was inspected.
//
// The request may be repeated, after an answer that was lost, after a crash: the
// id of the upload follows from its parts, so it is found, and goes on where it
// was or is answered as it was.
func (up *Uploader) serveFinal(w http.ResponseWriter, r *http.Request, c creation) {
	var j joint
	defer j.release()
	s, err := up.openFinal(w, r, c, &j)
	if err != nil {
		up.answerError(w, r, err)
		return
	}
	defer s.close()
	if s.u.State == metadata.UploadOpen {
		if err := s.join(r.Context(), &j); err != nil {
			up.answerError(w, r, err)
			return
		}
	}
	w.Header().Set(concatHeader, s.u.Concat)
	w.Header().Set("Upload-Offset", strconv.FormatInt(s.u.Offset, 10))
	w.WriteHeader(http.StatusCreated)
}

// openFinal returns the final upload and takes its parts into j. Where it is
// complete its parts are spent, and may be gone.
func (up *Uploader) openFinal(w http.ResponseWriter, r *http.Request, c creation, j *joint) (*session, error) {
	ctx := r.Context()
	if withBody(r) {
		return nil, problem.Errorf(problem.ErrBadRequest, "a final upload has the bytes of its parts; send none with it")
	}
	c.id = metadata.DerivedID(c.parts...)
	missing := up.takeParts(ctx, j, c.parts)
	if missing != nil && !errors.Is(missing, ErrNotFound) && !errors.Is(missing, ErrGone) {
		return nil, up.refusedCreation(ctx, c, missing)
	}
	s, err := up.resumeFinal(ctx, c.id)
	switch {
	case err == nil && (missing == nil || s.u.State == metadata.UploadComplete):
		up.announce(w, r, s.u)
		return s, nil
	case err == nil:
		s.close()
		return nil, missing
	case !errors.Is(err, ErrNotFound):
		return nil, err
	case missing != nil:
		return nil, up.refusedCreation(ctx, c, missing)
	}
	c.size, c.owner = j.size, j.owner
	return up.begin(w, r, c)
}

// resumeFinal returns a final upload that is there already.
func (up *Uploader) resumeFinal(ctx context.Context, id string) (*session, error) {
	u, err := up.lookup(ctx, id, auth.Update)
	if err == nil {
		err = over(u)
	}
	if err != nil {
		return nil, err
	}
	s, err := up.resume(ctx, id, nobody)
	if err != nil {
		return nil, err
	}
	if err := over(s.u); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// A joint is the parts of a final upload, held by the request that joins them.
type joint struct {
	parts []*metadata.Upload
	holds []*hold
	owner string
	size  int64 // of all parts
}

func (j *joint) release() {
	for _, h := range j.holds {
		h.release()
	}
}

// interrupted returns why one of the parts must be let go of, or nil.
func (j *joint) interrupted() error {
	for _, h := range j.holds {
		if err := h.interrupted(); err != nil {
			return err
		}
	}
	return nil
}

// takeParts takes complete parts, all of one owner, into j.
func (up *Uploader) takeParts(ctx context.Context, j *joint, ids []string) error {
	for _, id := range ids {
		u, err := up.takePart(ctx, j, id)
		switch {
		case err != nil:
			return err
		case len(j.parts) > 0 && u.Owner != j.owner:
			return problem.Errorf(problem.ErrBadRequest, "the parts belong to several owners")
		}
		j.parts, j.owner, j.size = append(j.parts, u), u.Owner, j.size+u.Size
	}
	return nil
}

// takePart holds a part for j. Another's is answered as one that is not there,
// before anything else is said of it.
func (up *Uploader) takePart(ctx context.Context, j *joint, id string) (*metadata.Upload, error) {
	u, err := up.lookup(ctx, id, auth.Update)
	if err == nil {
		u, err = up.refresh(ctx, u)
	}
	if err == nil {
		err = joinable(u)
	}
	if err != nil {
		return nil, err
	}
	h, err := up.holds.take(id)
	if err != nil {
		return nil, err
	}
	j.holds = append(j.holds, h)
	u, err = up.meta.Upload(ctx, id) // again: the holder before us may have changed it
	if errors.Is(err, metadata.ErrNotFound) {
		return nil, problem.Because(ErrNotFound, err, "there is no upload %q", id)
	}
	if err != nil {
		return nil, fmt.Errorf("upload: reading %s: %w", id, err)
	}
	return u, joinable(u)
}

// joinable says why an upload is no part that can be joined to others, or nil.
func joinable(u *metadata.Upload) error {
	if err := over(u); err != nil {
		return err
	}
	switch {
	case !u.Part():
		return problem.Errorf(problem.ErrBadRequest, "the upload %q is no part: it was created without %s: %s", u.ID, concatHeader, concatPartial)
	case spent(u):
		return problem.Errorf(ErrGone, "the part %q was joined to another upload already; send it again", u.ID)
	case u.State == metadata.UploadComplete:
		return nil
	case u.Size < 0:
		return problem.Errorf(ErrIncomplete, "the part %q has %d bytes so far, and its length is not known; complete it first", u.ID, u.Offset)
	}
	return problem.Errorf(ErrIncomplete, "the part %q has %d of %d bytes; send the rest first", u.ID, u.Offset, u.Size)
}
