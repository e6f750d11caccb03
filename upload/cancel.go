package upload

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/metadata"
)

const (
	reasonCanceled = "the upload was cancelled before it was complete"
	reasonExpired  = "the upload was abandoned and has expired"
)

func errReplaced() error {
	return problem.Errorf(ErrLocked, "another request has taken over this upload")
}

// serveCancel ends an upload (tus 1.0, Termination), one that is being written
// too. What is complete has become an asset: it is deleted as one.
func (up *Uploader) serveCancel(w http.ResponseWriter, r *http.Request, id string) {
	var err error
	if d := draftOf(r); ietfAsks(r) {
		d.answers(w.Header())
		err = d.bare(r)
	} else {
		err = tusRequest(w, r, false)
	}
	if err == nil {
		err = up.cancel(r.Context(), id)
	}
	if err != nil {
		up.answerError(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (up *Uploader) cancel(ctx context.Context, id string) error {
	u, err := up.lookup(ctx, id, auth.Delete)
	if err != nil {
		return err
	}
	if err := cancelable(u); err != nil {
		return err
	}
	h, err := up.holds.seize(ctx, id, problem.Errorf(ErrGone, reasonCanceled), anybody)
	if err != nil {
		return err
	}
	defer h.release()
	if u, err = up.meta.Upload(ctx, id); err != nil { // again: it may have become complete
		return fmt.Errorf("upload: reading %s: %w", id, err)
	}
	if err := cancelable(u); err != nil {
		return err
	}
	e := up.event(ctx, events.UploadCanceled, u)
	if err := up.o.Recorder.Record(ctx, e); err != nil {
		return err
	}
	s := up.newSession(ctx, h, u)
	return s.fail(context.WithoutCancel(ctx), metadata.UploadCanceled, reasonCanceled, e)
}

func cancelable(u *metadata.Upload) error {
	if u.State == metadata.UploadComplete && !u.Part() {
		return problem.Errorf(ErrComplete, "the upload is complete and has become asset %s; delete that", u.Asset)
	}
	return over(u)
}

func expired(u *metadata.Upload) bool {
	return expires(u) && !u.ExpiresAt.IsZero() && time.Now().After(u.ExpiresAt)
}
