package hls

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/internal/requestid"
)

var (
	neverStored = []string{"private, no-store"}
	keyType     = []string{"application/octet-stream"}
	keyLength   = []string{"16"}
)

// action is what somebody needs to be allowed who asks for a resource. Keys have
// a gate of their own: a CDN may hand out segments that it cannot read.
func (t *target) action() auth.Action {
	if t.what == contentKey || t.what == keyLicense {
		return auth.Key
	}
	return auth.Play
}

// sendKey answers with the 16 bytes of a key (RFC 8216bis §5.1).
func (s *Server) sendKey(w http.ResponseWriter, r *http.Request, a *row, of *presentation, t target) error {
	f := of.file(t.revision)
	if f == nil || f.protection == nil || f.protection.NoDelivery {
		return errKey
	}
	key, ok := f.protection.byID[t.key]
	if !ok {
		return errKey
	}
	if r.Method != http.MethodHead {
		if err := s.served(r.Context(), a, key); err != nil {
			return err
		}
	}
	to := w.Header()
	to["Cache-Control"], to["Content-Type"], to["Content-Length"], to["X-Content-Type-Options"] = neverStored, keyType, keyLength, nosniff
	if r.Method != http.MethodHead {
		_, _ = w.Write(key.Key[:]) // a client that is gone needs no answer
	}
	return nil
}

var errKey = problem.Errorf(ErrNotFound, "there is no such key, or no more; load %s again", multivariantName)

// served tells the recorder which keys somebody is about to get.
func (s *Server) served(ctx context.Context, a *row, keys ...*ContentKey) error {
	ids := make([]string, len(keys))
	for i, k := range keys {
		ids[i] = k.ID.String()
	}
	slices.Sort(ids)
	err := s.recorder.Record(ctx, events.Event{
		Type: events.KeyServed, Time: time.Now().UTC(), Owner: a.Owner, Asset: a.ID,
		Actor: auth.FromContext(ctx).ID, RequestID: requestid.FromContext(ctx),
		Data: map[string]any{"key_ids": ids},
	})
	if err != nil {
		return fmt.Errorf("record %s: %w", events.KeyServed, err)
	}
	return nil
}
