package clients_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate"
	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/internal/testclip"
	"github.com/streamgate/streamgate/metadata"
)

// seen is what tus.mjs prints.
type seen struct {
	Progress  int     `json:"progress"`
	Offsets   []int64 `json:"offsets"`
	URL       string  `json:"url"`
	ResumedAt int64   `json:"resumedAt"`
	Status    int     `json:"status"`
	Problem   string  `json:"problem"`
}

func TestTusJSClientUploads(t *testing.T) {
	clip := testclip.MP4(t)
	sum := sha256.Sum256(clip)
	base, gate := startGate(t)
	for _, what := range []string{"chunks", "whole", "with the creation", "resumed"} {
		t.Run(what, func(t *testing.T) {
			got := drive(t, what, base, clip)
			if got.Status != 0 {
				t.Fatalf("the client got %d: %s", got.Status, got.Problem)
			}
			a := assetOf(t, gate, got.URL)
			want := &metadata.Asset{
				Title: "By tus-js-client", Tags: []string{"tus", "node"}, Filename: "clip ü.mp4",
				State: metadata.Ready, Playable: true, Size: int64(len(clip)), SHA256: hex.EncodeToString(sum[:]),
			}
			if diff := cmp.Diff(want, &metadata.Asset{
				Title: a.Title, Tags: a.Tags, Filename: a.Filename,
				State: a.State, Playable: a.Playable, Size: a.Size, SHA256: a.SHA256,
			}); diff != "" {
				t.Error(diff)
			}
			if got.Progress == 0 || !slices.IsSorted(got.Offsets) {
				t.Errorf("the client saw %d steps of progress and the offsets %v", got.Progress, got.Offsets)
			}
			if what == "resumed" && (got.ResumedAt < 1 || got.ResumedAt >= int64(len(clip)) || !slices.Contains(got.Offsets, got.ResumedAt)) {
				t.Errorf("resumed at %d of %d", got.ResumedAt, len(clip))
			}
			if status := statusOf(t, base+"/play/"+a.ID+"/master.m3u8"); status != http.StatusOK {
				t.Errorf("it plays with %d", status)
			}
		})
	}
}

func TestTusJSClientTerminates(t *testing.T) {
	base, gate := startGate(t)
	got := drive(t, "terminated", base, testclip.MP4(t))
	if got.Status != 0 {
		t.Fatalf("the client got %d: %s", got.Status, got.Problem)
	}
	u, err := gate.Metadata().Upload(t.Context(), idOf(got.URL))
	if err != nil || u.State != metadata.UploadCanceled {
		t.Errorf("the upload is %+v, %v", u, err)
	}
	if status := statusOf(t, got.URL); status != http.StatusOK {
		t.Errorf("its status is answered with %d", status)
	}
}

func TestTusJSClientHearsWhyAFileIsRefused(t *testing.T) {
	base, _ := startGate(t)
	got := drive(t, "refused", base, []byte("unused"))
	if got.Status != http.StatusUnsupportedMediaType || !strings.Contains(got.Problem, "urn:streamgate:problem:upload-type") {
		t.Errorf("the client got %d: %s", got.Status, got.Problem)
	}
}

func startGate(t *testing.T) (base string, gate *streamgate.Gate) {
	t.Helper()
	gate, err := streamgate.New(t.TempDir(),
		streamgate.WithAuthenticator(auth.Everybody("ada")), streamgate.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	if err := gate.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(gate)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
		if err := gate.Stop(context.Background()); err != nil { // the test's own context has ended
			t.Error(err)
		}
	})
	return server.URL, gate
}

// drive lets node upload file in that way.
func drive(t *testing.T, what, base string, file []byte) seen {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		missing(t, "node is not here: install it (nodejs), or run make need")
	}
	if _, err := os.Stat("node_modules/tus-js-client"); err != nil {
		missing(t, "tus-js-client is not here: run make clients")
	}
	path := filepath.Join(t.TempDir(), "clip.mp4")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), node, "tus.mjs", what, base+"/v1/uploads/", path)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, &stderr)
	}
	var s seen
	if err := json.Unmarshal(out, &s); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	return s
}

func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(what)
	}
	t.Skip(what)
}

func assetOf(t *testing.T, gate *streamgate.Gate, url string) *metadata.Asset {
	t.Helper()
	u, err := gate.Metadata().Upload(t.Context(), idOf(url))
	if err != nil {
		t.Fatal(err)
	}
	a, err := gate.Metadata().Asset(t.Context(), u.Asset)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func idOf(url string) string { return url[strings.LastIndexByte(url, '/')+1:] }

func statusOf(t *testing.T, url string) int {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body)
	return res.StatusCode
}
