package upload

import (
	"context"
	"net/http"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/metadata"
)

// serveBody takes a request whose body is the file, whatever its Content-Type says.
func (up *Uploader) serveBody(w http.ResponseWriter, r *http.Request) {
	about, err := aboutPlain(r)
	if err != nil {
		up.answerError(w, r, err)
		return
	}
	s, err := up.begin(w, r, creation{protocol: "body", size: r.ContentLength, about: about})
	if err != nil {
		up.answerError(w, r, err)
		return
	}
	defer s.close()
	a, err := s.takeWhole(r.Context(), up.newBody(w, r.Body, s.hold))
	if err != nil {
		up.answerError(w, r, s.end(r.Context(), err))
		return
	}
	up.answerReceived(w, r, http.StatusCreated, s.u, a)
}

// begin creates an upload and announces it, or tells the recorder of the refusal.
func (up *Uploader) begin(w http.ResponseWriter, r *http.Request, c creation) (*session, error) {
	s, err := up.create(r.Context(), c)
	if err != nil {
		e := up.event(r.Context(), events.UploadRefused, &metadata.Upload{Asset: c.about.assetID})
		e.Owner, e.Data = e.Actor, map[string]any{"error": sentence(err)}
		up.refused(r.Context(), e)
		return nil, err
	}
	up.announce(w, r, s.u)
	return s, nil
}

// takeWhole takes a body that is a whole file, to its end.
func (s *session) takeWhole(ctx context.Context, b *body) (*metadata.Asset, error) {
	if err := s.takeBody(ctx, b); err != nil {
		return nil, err
	}
	return s.finish(ctx, "")
}

// takeBody appends a body to the draft.
func (s *session) takeBody(ctx context.Context, b *body) error {
	defer b.finish()
	b.ask = func() error { return s.writeDown(ctx) }
	if s.draft == nil {
		if err := s.openDraft(ctx); err != nil {
			return err
		}
	}
	return s.receive(ctx, b, s.room())
}
