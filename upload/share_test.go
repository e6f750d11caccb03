package upload_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/upload"
)

// afterReading is a store that several processes have, of which another does something
// each time that a row of an upload was read: do is told how often that was.
type afterReading struct {
	claiming

	n  int
	do func(n int)
}

func (s *afterReading) Upload(ctx context.Context, id string) (*metadata.Upload, error) {
	u, err := s.claiming.Upload(ctx, id)
	s.n++
	if s.do != nil {
		s.do(s.n)
	}
	return u, err
}

// another is an Uploader over the stores of a house, as of a process of its own, and
// what its rows go through.
func another(t *testing.T, h *house) (*httptest.Server, *afterReading) {
	t.Helper()
	meta := &afterReading{claiming: claiming{Store: h.meta, who: map[string]string{}}}
	up, err := upload.New(h.files, meta, &upload.Options{OnComplete: takeAsItIs})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(mount(up))
	t.Cleanup(server.Close)
	return server, meta
}

// TestAProcessCutsOffNothingThatAnotherHasAcknowledged has a client come to another
// process while the one before writes down the last of what it had sent there.
func TestAProcessCutsOffNothingThatAnotherHasAcknowledged(t *testing.T) {
	for name, at := range map[string]int{"before the draft is asked for": 1, "just before it is opened": 2} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, nil)
			second, meta := another(t, h)
			here := h.tusCreate(1000)
			there := strings.Replace(here, h.http.URL, second.URL, 1)
			meta.do = func(n int) {
				if n == at {
					h.want(h.patch(here, 0, film(1000)[:500]), 204)
				}
			}
			h.want(h.patch(there, 0, film(1000)[:100]), 409)
			meta.do = nil
			h.want(h.patch(there, 500, film(1000)[500:]), 204)
			u, err := h.meta.Upload(t.Context(), idOf(here))
			if err != nil {
				t.Fatal(err)
			}
			sum := sha256.Sum256(film(1000))
			if u.State != metadata.UploadComplete || u.SHA256 != hex.EncodeToString(sum[:]) {
				t.Errorf("it is %s, of %s", u.State, u.SHA256)
			}
		})
	}
}

// TestAnUploadThatAnotherProcessCancelsMeanwhileIsOver does so while its draft is made.
func TestAnUploadThatAnotherProcessCancelsMeanwhileIsOver(t *testing.T) {
	h := newHouse(t, nil)
	second, meta := another(t, h)
	here := h.tusCreate(1000)
	there := strings.Replace(here, h.http.URL, second.URL, 1)
	meta.do = func(n int) {
		if n == 2 {
			h.want(h.tus("DELETE", here, nil), 204)
		}
	}
	h.want(h.patch(there, 0, film(1000)), 410)
	meta.do = nil
	if err := h.up.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	for draft := range h.files.Drafts(t.Context(), "") {
		t.Errorf("%s is left", draft.Key)
	}
}
