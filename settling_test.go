package streamgate_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/streamgate/streamgate"
	"github.com/streamgate/streamgate/internal/testclip"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/settle"
	"github.com/streamgate/streamgate/storage"
	"github.com/streamgate/streamgate/storage/disk"
)

// uploaded is the id of an asset made of a clip.
func uploaded(t *testing.T, g *streamgate.Gate, clip []byte) string {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/v1/uploads", bytes.NewReader(clip))
	r.Header.Set("Test-User", "ann")
	w := httptest.NewRecorder()
	g.ServeHTTP(w, r)
	if w.Code != http.StatusCreated {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return w.Header().Get("StreamGate-Asset")
}

func settledIn(t *testing.T, g *streamgate.Gate, id string) *metadata.Asset {
	t.Helper()
	for range 24_000 {
		a, err := g.Metadata().Asset(context.WithoutCancel(t.Context()), id)
		if err != nil {
			t.Fatal(err)
		}
		if a.Settling.State != "" {
			return a
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("it is not settled")
	return nil
}

func TestAGateSettlesWhatBecomesReadyAndWhatWasReadyBefore(t *testing.T) {
	dir, clip := t.TempDir(), testclip.MP4(t)
	g := startGate(t, dir)
	before := uploaded(t, g, clip)
	stopGate(t, g) // which settles nothing by itself
	g = startGate(t, dir, streamgate.WithSettling(nil))
	after := uploaded(t, g, clip)
	for _, id := range []string{before, after} {
		a := settledIn(t, g, id)
		if a.Settling.State != metadata.Settled || a.Settling.Original == "" || a.Settling.Original == a.Source {
			t.Errorf("%+v", a.Settling)
		}
		r := httptest.NewRequest(http.MethodGet, "/v1/assets/"+id, nil)
		r.Header.Set("Test-User", "ann")
		w := httptest.NewRecorder()
		g.ServeHTTP(w, r)
		if !strings.Contains(w.Body.String(), `"settled":true`) {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
	var metrics bytes.Buffer
	w := httptest.NewRecorder()
	g.Admin().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	metrics.ReadFrom(w.Body)
	for _, line := range []string{`streamgate_assets_total{event="settled"} 2`, "streamgate_settle_failures_total 0"} {
		if !strings.Contains(metrics.String(), line) {
			t.Errorf("the metrics lack %s", line)
		}
	}
	if strings.Contains(metrics.String(), "streamgate_settled_bytes_total 0\n") {
		t.Error("no bytes are counted")
	}
}

// remote hides from a Gate that blobs are files of this machine.
type remote struct{ storage.Store }

func TestAGateSettlesWhatIsElsewhereUnlessItMayNot(t *testing.T) {
	for name, tc := range map[string]struct {
		opts []streamgate.Option
		want bool
	}{
		"by itself":                 {nil, true},
		"unless it is told not to":  {[]streamgate.Option{streamgate.WithoutSettling()}, false},
		"and with options, as told": {[]streamgate.Option{streamgate.WithSettling(func(o *settle.Options) { o.Reserve = -1 })}, true},
	} {
		t.Run(name, func(t *testing.T) {
			files, err := disk.Open(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := files.Close(); err != nil && !errors.Is(err, storage.ErrUnavailable) {
					t.Error(err)
				}
			})
			g := startGate(t, t.TempDir(), append(tc.opts, streamgate.WithStorage(remote{files}))...)
			id := uploaded(t, g, testclip.MP4(t))
			if tc.want {
				settledIn(t, g, id)
				return
			}
			stopGate(t, g)
		})
	}
}

func TestAGateSettlesARenditionThatJoins(t *testing.T) {
	clip := testclip.MP4(t)
	g := startGate(t, t.TempDir(), streamgate.WithSettling(nil))
	c := serve(t, g, "").as("ann")
	id := uploaded(t, g, clip)
	settledIn(t, g, id)
	c.send("body", id, "same", clip).want(t, http.StatusCreated)
	eventually(t, "the rendition is settled", func() bool {
		a, err := g.Metadata().Asset(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		at := a.Rendition("same")
		return at >= 0 && a.Renditions[at].Settling.State == metadata.Settled && a.Renditions[at].Settling.Original != ""
	})
}
