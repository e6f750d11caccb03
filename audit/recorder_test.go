package audit

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/internal/requestid"
)

func TestRecorderWritesWhatServicesReport(t *testing.T) {
	when := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	ctx := auth.NewContext(t.Context(), auth.Principal{ID: "root"})
	ctx = requestid.NewContext(ctx, "r1")
	ctx = NewContext(ctx, Origin{Address: "192.0.2.1", TraceID: "t1"})
	for name, tt := range map[string]struct {
		ctx  context.Context
		e    events.Event
		want string
	}{
		"an asset is deleted": {
			ctx,
			events.Event{Type: events.AssetDeleted, Time: when, Owner: "ada", Actor: "ada", Asset: "film", RequestID: "r2", Data: map[string]any{"keys": []any{"a", "b"}}},
			`{"time":"2026-03-01T12:00:00Z","actor":"ada","address":"192.0.2.1","action":"asset.deleted","resource":"asset/film","outcome":"success","request_id":"r2","trace_id":"t1","details":{"keys":["a","b"]}}`,
		},
		"an upload is refused": {
			ctx,
			events.Event{Type: events.UploadRefused, Time: when, Owner: "ada", Upload: "u1", Data: map[string]any{"reason": "type"}},
			`{"time":"2026-03-01T12:00:00Z","actor":"root","address":"192.0.2.1","action":"upload.refused","resource":"upload/u1","outcome":"refused","request_id":"r1","trace_id":"t1","details":{"owner":"ada","reason":"type"}}`,
		},
		"an asset fails, of itself": {
			context.Background(),
			events.Event{Type: events.AssetFailed, Time: when, Asset: "film", Upload: "u1"},
			`{"time":"2026-03-01T12:00:00Z","action":"asset.failed","resource":"asset/film","outcome":"failure","details":{"upload":"u1"}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := new(fragile)
			r, err := NewRecorder(newLog(t, Refuse, s), nil)
			must(t, err)
			must(t, r.Record(tt.ctx, tt.e))
			if diff := cmp.Diff([]string{tt.want + "\n"}, s.lines); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestRecorderRefusesAndLeavesOut(t *testing.T) {
	s := new(fragile)
	l := newLog(t, Refuse, s)
	all, err := NewRecorder(l, nil)
	must(t, err)
	some, err := NewRecorder(l, &RecorderOptions{Types: []events.Type{events.UploadProgress}})
	must(t, err)
	for _, r := range []events.Recorder{all, some} {
		must(t, r.Record(t.Context(), events.Event{Type: events.UploadProgress}))
		must(t, r.Record(t.Context(), events.Event{Type: events.AssetCreated}))
	}
	if diff := cmp.Diff([]string{"asset.created", "upload.progress"}, s.actions(t)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	s.failures.Store(1)
	if err := all.Record(t.Context(), events.Event{Type: events.AssetCreated}); !errors.Is(err, ErrUnavailable) {
		t.Errorf("got %v", err)
	}
	if _, err := NewRecorder(nil, nil); err == nil {
		t.Error("it records nowhere")
	}
}

func TestMiddlewareFindsTheOrigin(t *testing.T) {
	for name, tt := range map[string]struct {
		origin func(*http.Request) Origin
		remote string
		want   Origin
	}{
		"the connection's": {nil, "192.0.2.1:1234", Origin{Address: "192.0.2.1"}},
		"over IPv6":        {nil, "[2001:db8::1]:1234", Origin{Address: "2001:db8::1"}},
		"without a port":   {nil, "@", Origin{Address: "@"}},
		"what the application says": {func(r *http.Request) Origin {
			return Origin{Address: r.Header.Get("X-Real-IP"), TraceID: "t"}
		}, "127.0.0.1:1", Origin{Address: "198.51.100.1", TraceID: "t"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got Origin
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.RemoteAddr = tt.remote
			r.Header.Set("X-Real-IP", "198.51.100.1")
			Middleware(tt.origin)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = FromContext(r.Context()) })).ServeHTTP(nil, r)
			if got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
	if o := FromContext(t.Context()); o != (Origin{}) || !strings.EqualFold(o.Address, "") {
		t.Errorf("%+v", o)
	}
}
