package peers

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestASecondWriterBesideOneThatIsAlive is what each server does when somebody
// asks for an upload, and then writes to it, while another's bytes keep coming.
// StreamGate lets the first go on; tusd ends it for whoever asks. (What becomes
// of a writer that has fallen silent is measured by BenchmarkTakeover.)
func TestASecondWriterBesideOneThatIsAlive(t *testing.T) {
	ended := []string{"HEAD 200", "PATCH 204", "the first writer is ended"}
	for name, want := range map[string][]string{
		"gate":        {"HEAD 200", "PATCH 423", "the first writer goes on"},
		"tusd":        ended,
		"tusd-memory": ended,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClient(strings.TrimSuffix(serve(t, name), base))
			defer c.http.CloseIdleConnections()
			s, err := c.create(heldSize, 0)
			if err != nil {
				t.Fatal(err)
			}
			w := s.write(t)
			<-w.begun
			got := s.newcomer(t)
			w.finish()
			got = append(got, <-w.fate)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// heldSize is how large an upload is that two write to.
const heldSize = 64 << 10

// A writer sends a byte every millisecond until it is told to send the rest. It
// begins once the server asks for the body, and so has the upload.
type writer struct {
	begun chan struct{}
	rest  chan struct{}
	fate  chan string
}

func (w *writer) finish() { close(w.rest) }

func (s *sent) write(t *testing.T) *writer {
	w := &writer{make(chan struct{}), make(chan struct{}), make(chan string, 1)}
	body, in := io.Pipe()
	film := newFilm(heldSize, 0, heldSize)
	go func() {
		defer in.Close()
		_, _ = io.CopyN(in, film, 1<<10)
		close(w.begun)
		for {
			select {
			case <-w.rest:
				_, _ = io.Copy(in, film)
				return
			case <-time.After(time.Millisecond):
				if _, err := io.CopyN(in, film, 1); err != nil {
					return
				}
			}
		}
	}()
	go func() {
		answer, err := s.c.do(http.MethodPatch, s.url, body, heldSize, "Content-Type", chunkType, "Upload-Offset", "0", "Expect", "100-continue")
		_ = body.Close()
		if err == nil && answer.StatusCode == http.StatusNoContent {
			w.fate <- "the first writer goes on"
			return
		}
		w.fate <- "the first writer is ended" // by an answer that it may not get to see
	}()
	return w
}

// newcomer asks for the offset and writes from there, once.
func (s *sent) newcomer(t *testing.T) []string {
	head, err := s.c.do(http.MethodHead, s.url, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var at int64
	_, _ = fmt.Sscan(head.Header.Get("Upload-Offset"), &at)
	patch, err := s.c.do(http.MethodPatch, s.url, newFilm(heldSize, at, heldSize-at), heldSize-at,
		"Content-Type", chunkType, "Upload-Offset", fmt.Sprint(at))
	if err != nil {
		t.Fatal(err)
	}
	return []string{fmt.Sprint("HEAD ", head.StatusCode), fmt.Sprint("PATCH ", patch.StatusCode)}
}
