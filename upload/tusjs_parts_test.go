package upload_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/streamgate/streamgate/internal/testclip"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/upload"
)

// An odd network lets no PATCH pass, or has a proxy that does not wait for the
// answer to a final upload.
type oddNetwork struct {
	next    http.Handler
	noPatch bool
	lose    atomic.Bool
	parts   atomic.Int64 // that were created
}

func (n *oddNetwork) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	concat := r.Header.Get("Upload-Concat")
	switch {
	case n.noPatch && r.Method == http.MethodPatch:
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	case r.Method == http.MethodPost && concat == "partial" && r.Header.Get("X-HTTP-Method-Override") == "":
		n.parts.Add(1)
	case strings.HasPrefix(concat, "final;") && n.lose.CompareAndSwap(true, false):
		n.next.ServeHTTP(httptest.NewRecorder(), r)
		w.WriteHeader(http.StatusGatewayTimeout)
		return
	}
	n.next.ServeHTTP(w, r)
}

func TestTusJSClientInParts(t *testing.T) {
	clip := append(testclip.MP4(t), freeBox(3<<20)...)
	file := filepath.Join(t.TempDir(), "clip.mp4")
	if err := os.WriteFile(file, clip, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", t.TempDir())
	for name, tc := range map[string]struct {
		scenario string
		noPatch  bool
		lose     bool
		parts    int64
	}{
		"three at once":                      {"parallel", false, false, 3},
		"three at once, broken off":          {"parallel, resumed", false, false, 3},
		"the answer to the last one is lost": {"parallel", false, true, 3},
		"no PATCH passes":                    {"without PATCH", true, false, 0},
		"three at once, and no PATCH passes": {"parallel, without PATCH", true, false, 3},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, &upload.Options{OnComplete: upload.Inspect})
			network := &oddNetwork{next: mount(h.up), noPatch: tc.noPatch}
			network.lose.Store(tc.lose)
			server := httptest.NewServer(network)
			defer server.Close()
			got := tusJS(t, tc.scenario, server.URL+"/v1/uploads", file)
			url, _ := got["url"].(string)
			a := h.asset(h.upload(idOf(url)).Asset)
			if a.State != metadata.Ready || a.SHA256 != sumOf(clip) || a.Title != "Ein schöner Film" || a.Filename != "clip.mp4" {
				t.Errorf("the asset is %+v", a)
			}
			if network.parts.Load() != tc.parts || network.lose.Load() {
				t.Errorf("%d parts were created; an answer is still to be lost: %v", network.parts.Load(), network.lose.Load())
			}
			if first, ok := got["first"].(float64); ok {
				second, _ := got["second"].(float64)
				if parts, _ := got["parts"].([]any); len(parts) != 3 || first <= 0 || second <= 0 {
					t.Errorf("resumed: %v", got)
				}
			}
			page, err := h.meta.Search(t.Context(), metadata.Query{})
			if err != nil || len(page.Assets) != 1 {
				t.Errorf("there are %d assets, %v", len(page.Assets), err)
			}
			h.carry()
			if blobs, drafts := h.blobs(); blobs != 2 || drafts != 0 { // the file and its index
				t.Errorf("%d blobs and %d drafts are left", blobs, drafts)
			}
		})
	}
}
