package upload_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
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

// dayAfter is a store to whose process it is the day after.
type dayAfter struct{ claiming }

func (s *dayAfter) OpenUploads(ctx context.Context, after string, limit int) ([]*metadata.Upload, error) {
	list, err := s.claiming.OpenUploads(ctx, after, limit)
	for _, u := range list {
		u.ExpiresAt = time.Now().Add(-time.Hour)
	}
	return list, err
}

func (s *dayAfter) Upload(ctx context.Context, id string) (*metadata.Upload, error) {
	u, err := s.claiming.Upload(ctx, id)
	if err == nil {
		u.ExpiresAt = time.Now().Add(-time.Hour)
	}
	return u, err
}

// TestAnExpiredUploadThatAnotherProcessWritesToStays has a client send just before
// its upload expires, and another process look for what has expired meanwhile.
func TestAnExpiredUploadThatAnotherProcessWritesToStays(t *testing.T) {
	h := newHouse(t, nil)
	up, err := upload.New(h.files, &dayAfter{claiming{Store: h.meta, who: map[string]string{}}}, &upload.Options{OnComplete: takeAsItIs})
	if err != nil {
		t.Fatal(err)
	}
	url := h.tusCreate(1000)
	body, send := io.Pipe()
	answered := make(chan int, 1)
	go func() {
		res, err := http.DefaultClient.Do(patchOf(t, url, body))
		if err != nil {
			t.Error(err)
			answered <- 0
			return
		}
		_ = res.Body.Close()
		answered <- res.StatusCode
	}()
	if _, err := send.Write(film(1000)[:500]); err != nil {
		t.Fatal(err)
	}
	u, err := h.meta.Upload(t.Context(), idOf(url))
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); !hasDraft(t, h.files, u.Key); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("nothing of it arrives")
		}
	}
	if err := up.Expire(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := send.Write(film(1000)[500:]); err != nil {
		t.Error(err)
	}
	_ = send.Close()
	if got := <-answered; got != http.StatusNoContent {
		t.Errorf("answered %d", got)
	}

	url = h.tusCreate(1000) // of this one nobody speaks
	if err := up.Expire(t.Context()); err != nil {
		t.Error(err)
	}
	h.want(h.patch(url, 0, film(1000)), 410)
}

func hasDraft(t *testing.T, files storage.Store, key string) bool {
	t.Helper()
	for draft, err := range files.Drafts(t.Context(), key) {
		if err != nil {
			t.Fatal(err)
		}
		if draft.Key == key {
			return true
		}
	}
	return false
}

func patchOf(t *testing.T, url string, body io.Reader) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPatch, url, body)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream", "Upload-Offset": "0",
	} {
		req.Header.Set(name, value)
	}
	return req
}
