package transcode

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/internal/endpoint"
	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/internal/requestid"
	"github.com/streamgate/streamgate/metadata"
)

// wanted is what somebody asks for.
type wanted struct {
	Asset   string `json:"asset"`
	Profile string `json:"profile"`
}

// maxBody is what a body may have, in bytes.
const maxBody = 4 << 10

func readWanted(w http.ResponseWriter, r *http.Request) (wanted, error) {
	var in wanted
	if err := endpoint.ReadJSON(w, r, maxBody, `the body must be {"asset": "…", "profile": "…"}`, &in); err != nil {
		return in, err
	}
	if in.Asset == "" {
		return in, problem.Errorf(ErrInvalid, "asset is missing: the id of what is to be transcoded")
	}
	return in, nil
}

func (h *handler) create(w http.ResponseWriter, r *http.Request, _ string) error {
	ctx := r.Context()
	in, err := readWanted(w, r)
	if err != nil {
		return err
	}
	a, err := h.asset(ctx, in.Asset)
	if err != nil {
		return err
	}
	e := events.Event{Type: events.TranscodeSubmitted, Owner: a.Owner, Asset: a.ID, Data: map[string]any{"profile": in.Profile}}
	if err := h.t.record(ctx, e); err != nil {
		return err
	}
	id, err := h.t.Submit(ctx, in.Asset, in.Profile)
	if err != nil {
		return err
	}
	s, err := h.t.Status(ctx, id)
	if err != nil {
		return err
	}
	w.Header().Set("Location", endpoint.Location(r, id))
	return writeJSON(w, r, http.StatusCreated, s)
}

// asset returns an asset that the principal may change.
func (h *handler) asset(ctx context.Context, id string) (*metadata.Asset, error) {
	a, err := h.t.Metadata.Asset(ctx, id)
	if err != nil && !errors.Is(err, metadata.ErrNotFound) {
		return nil, err
	}
	object := auth.Object{Kind: auth.Asset, ID: id}
	if a != nil {
		object.Owner = a.Owner
	}
	if denied := h.t.o.Authorizer.Authorize(ctx, auth.FromContext(ctx), auth.Update, object); denied != nil {
		return nil, denied
	}
	return a, err
}

func canceledBy(s *Status) events.Event {
	return events.Event{Type: events.TranscodeCanceled, Owner: s.Owner, Asset: s.Asset, Data: map[string]any{"transcode": s.ID}}
}

// record tells the Recorder what somebody is about to do, which may refuse it.
func (t *Transcoder) record(ctx context.Context, e events.Event) error {
	e.Time, e.Actor, e.RequestID = time.Now(), auth.FromContext(ctx).ID, requestid.FromContext(ctx)
	if err := t.o.Recorder.Record(ctx, e); err != nil {
		return fmt.Errorf("record %s: %w", e.Type, err)
	}
	return nil
}

func writeJSON(w http.ResponseWriter, r *http.Request, status int, v any) error {
	w.Header().Set("Cache-Control", "no-store")
	return endpoint.WriteJSON(w, r, status, v)
}
