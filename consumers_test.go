package streamgate_test

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/streamgate/streamgate"
	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/internal/testclip"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
	"github.com/streamgate/streamgate/storage/disk"
)

// heard is an OnReady that remembers the asset.
type heard struct{ id atomic.Value }

func (h *heard) option() streamgate.Option {
	return streamgate.OnReady(func(_ context.Context, a *metadata.Asset) { h.id.Store(a.ID) })
}

func TestOnReadyHearsOfItAtOnce(t *testing.T) {
	var ready heard
	c := serve(t, startGate(t, t.TempDir(), ready.option()), "")
	var took time.Duration
	for range 5 { // of which one is enough on a machine that is busy
		id := c.upload()
		begin := time.Now()
		eventually(t, "OnReady was called", func() bool { return ready.id.Load() == id })
		if took = time.Since(begin); took < 2*time.Second {
			return
		}
	}
	t.Errorf("it took %s, as if nobody had woken the dispatcher", took)
}

func TestOnReadyHearsOfWhatBecameReadyBeforeACrash(t *testing.T) {
	dir := t.TempDir()
	before := openGate(t, dir) // not started: nobody carries its events
	id := serve(t, before, "").upload()
	stopGate(t, before)

	var ready heard
	startGate(t, dir, ready.option())
	eventually(t, "OnReady was called", func() bool { return ready.id.Load() == id })
}

func TestOnReadyThatPanicsIsCalledAgain(t *testing.T) {
	var calls atomic.Int32
	g := startGate(t, t.TempDir(), streamgate.OnReady(func(context.Context, *metadata.Asset) {
		if calls.Add(1) == 1 {
			panic("oops")
		}
	}))
	serve(t, g, "").upload()
	eventually(t, "it was called again", func() bool { return calls.Load() == 2 })
}

// interrupted is a store that calls back before an index is written.
type interrupted struct {
	*disk.Store
	before func(ctx context.Context, key string)
}

func (s *interrupted) Create(ctx context.Context, key string) (storage.Draft, error) {
	if strings.HasSuffix(key, "/index") {
		s.before(ctx, key)
	}
	return s.Store.Create(ctx, key)
}

// TestAnAssetDeletedWhileItIsInspectedLeavesNothing deletes it, and waits until
// its files are removed, before its index is written.
func TestAnAssetDeletedWhileItIsInspectedLeavesNothing(t *testing.T) {
	dir, meta := t.TempDir(), t.TempDir()
	files, err := disk.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = files.Close() }) // after the Gate
	var c *client
	slow := &interrupted{Store: files, before: func(_ context.Context, key string) {
		id := strings.Split(key, "/")[1]
		c.do(http.MethodDelete, "/v1/assets/"+id, nil).want(t, http.StatusNoContent)
		wantNoFiles(t, dir)
	}}
	c = serve(t, startGate(t, meta, streamgate.WithStorage(slow)), "")
	a := c.do(http.MethodPost, "/v1/uploads", bytes.NewReader(testclip.MP4(t)))
	if a.StatusCode < 400 {
		t.Errorf("status %d: %s", a.StatusCode, a.body)
	}
	wantNoFiles(t, dir)
}

func TestARecorderCanRefuse(t *testing.T) {
	full := problem.NewKind(http.StatusServiceUnavailable, "audit-full", "The audit log is full")
	var told atomic.Int32
	g := startGate(t, t.TempDir(),
		streamgate.WithRecorder(events.RecorderFunc(func(context.Context, events.Event) error { told.Add(1); return nil })),
		streamgate.WithRecorder(events.RecorderFunc(func(_ context.Context, e events.Event) error {
			if e.Type == events.UploadCreated || e.Type == events.AssetCreated {
				return problem.Errorf(full, "not now")
			}
			return nil
		})))
	c := serve(t, g, "")
	wantProblem(t, c.do(http.MethodPost, "/v1/uploads", bytes.NewReader(testclip.MP4(t))), http.StatusServiceUnavailable)
	if list, _ := c.get("/v1/assets").json(t)["assets"].([]any); len(list) != 0 || told.Load() == 0 {
		t.Errorf("%d assets, %d events told", len(list), told.Load())
	}
}
