package metadata_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/metadata"
)

// stalling is a connection whose body does not come: reading it waits for the
// deadline.
type stalling struct {
	*httptest.ResponseRecorder
	deadline time.Time
}

func (s *stalling) SetReadDeadline(at time.Time) error {
	s.deadline = at
	return nil
}

func (s *stalling) Read([]byte) (int, error) {
	if s.deadline.IsZero() {
		return 0, io.ErrNoProgress // it would wait for ever
	}
	time.Sleep(time.Until(s.deadline))
	return 0, os.ErrDeadlineExceeded
}

func (s *stalling) Close() error { return nil }

func TestABodyThatDoesNotComeIsGivenUp(t *testing.T) {
	store := openStore(t)
	h, err := metadata.NewHandler(store, nil)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		w := &stalling{ResponseRecorder: httptest.NewRecorder()}
		r := httptest.NewRequestWithContext(auth.NewContext(t.Context(), *ann), http.MethodPost, "/", w)
		r.Header.Set("Content-Type", "application/json")
		begin := time.Now()
		h.ServeHTTP(w, r)
		if took := time.Since(begin); w.Code != http.StatusRequestTimeout || took != 30*time.Second {
			t.Errorf("%d after %s: %s", w.Code, took, w.Body)
		}
	})
}
