package upload_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/streamgate/streamgate/internal/testclip"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/upload"
)

// tusJS runs a scenario of testdata/tus_client.mjs.
func tusJS(t *testing.T, scenario, endpoint, file string) map[string]any {
	t.Helper()
	clients, err := filepath.Abs(filepath.Join("..", "clients"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := exec.LookPath("node"); err != nil {
		missing(t, "node is not installed: see make test-deps")
	}
	if _, err := os.Stat(filepath.Join(clients, "node_modules", "tus-js-client")); err != nil {
		missing(t, "tus-js-client is not installed: run make test-deps")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", filepath.Join("testdata", "tus_client.mjs"), clients, scenario, endpoint, file)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", scenario, err, &stderr)
	}
	var got map[string]any
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%s printed %q: %v", scenario, out, err)
	}
	return got
}

func TestTusJSClient(t *testing.T) {
	h := newHouse(t, &upload.Options{OnComplete: upload.Inspect})
	clip := testclip.MP4(t)
	clip = append(clip, freeBox(3<<20)...) // so that there are chunks
	file := filepath.Join(t.TempDir(), "clip.mp4")
	if err := os.WriteFile(file, clip, 0o600); err != nil {
		t.Fatal(err)
	}
	endpoint := h.http.URL + "/v1/uploads"
	for _, scenario := range []string{"whole", "chunks", "creation with data", "deferred length", "resume"} {
		t.Run(scenario, func(t *testing.T) {
			h.t = t
			got := tusJS(t, scenario, endpoint, file)
			url, _ := got["url"].(string)
			if !strings.HasPrefix(url, endpoint+"/") {
				t.Fatalf("the client made %v of the Location", got["url"])
			}
			a := h.asset(h.upload(idOf(url)).Asset)
			if a.State != metadata.Ready || a.SHA256 != sumOf(clip) || a.Title != "Ein schöner Film" || a.Filename != "clip.mp4" {
				t.Errorf("asset is %+v", a)
			}
		})
	}
	for _, scenario := range []string{"ietf 5", "ietf 6", "ietf 6, resumed"} {
		t.Run(scenario, func(t *testing.T) {
			h.t = t
			got := tusJS(t, scenario, endpoint, file)
			url, _ := got["url"].(string)
			u := h.upload(idOf(url))
			if a := h.asset(u.Asset); u.Protocol != "ietf" || a.State != metadata.Ready || a.SHA256 != sumOf(clip) {
				t.Errorf("upload by %s, asset %+v", u.Protocol, a)
			}
		})
	}
	t.Run("terminate", func(t *testing.T) {
		h.t = t
		if got := tusJS(t, "terminate", endpoint, file); got["status"] != 410.0 {
			t.Errorf("after it: %v", got)
		}
	})
	t.Run("refused", func(t *testing.T) {
		h.t = t
		text := filepath.Join(t.TempDir(), "clip.mp4")
		if err := os.WriteFile(text, bytes.Repeat([]byte("no film. "), 100_000), 0o600); err != nil {
			t.Fatal(err)
		}
		got := tusJS(t, "refused", endpoint, text)
		if body, _ := got["body"].(string); got["status"] != 415.0 || !strings.Contains(body, "not a video") {
			t.Errorf("the client was told %v", got)
		}
	})
}

// freeBox is an MP4 box that says nothing, of a size.
func freeBox(size int) []byte {
	b := make([]byte, size)
	copy(b, []byte{byte(size >> 24), byte(size >> 16), byte(size >> 8), byte(size)})
	copy(b[4:], "free")
	return b
}
