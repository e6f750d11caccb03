package upload_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
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

func TestUploadOverHTTP2(t *testing.T) {
	h := newHouse(t, &upload.Options{IdleTimeout: idle})
	server := httptest.NewUnstartedServer(h.http.Config.Handler)
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	h.http = server
	file := film(2 << 20)
	a := h.post(file, "")
	if a.SHA256 != sumOf(file) {
		t.Error("the stored bytes are others")
	}

	url := h.tusCreate(100_000)
	first := h.write(url, 0)
	first.send(film(50_000))
	if got := h.want(first.wait(), 409); got.header.Get("Upload-Offset") != "50000" {
		t.Errorf("an idle stream ends at %s", got.header.Get("Upload-Offset"))
	}
	_ = first.body.Close()
	h.want(h.patch(url, 50_000, film(100_000)[50_000:]), 204)
}

// plainWriter hides everything of a ResponseWriter but its three methods, as
// some middleware does.
type plainWriter struct{ http.ResponseWriter }

func TestUploadBehindAWriterWithoutDeadlines(t *testing.T) {
	h := newHouse(t, &upload.Options{IdleTimeout: idle})
	inner := h.http.Config.Handler
	h.http.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inner.ServeHTTP(struct{ plainWriter }{plainWriter{w}}, r)
	})
	file := film(100_000)
	url := h.tusCreate(len(file))
	first := h.write(url, 0)
	first.send(file[:50_000])
	h.begun(url)
	h.until("the silence has lasted too long", func() bool { return !h.up.Held(idOf(url)) })
	h.want(h.patch(url, 50_000, file[50_000:]), 204) // while the connection of the first still stands
	_ = first.body.Close()
	if a := first.wait(); a.status != 409 && a.status != 0 { // 0: it was closed before the answer
		t.Errorf("the silent writer was answered %d %s", a.status, a.body)
	}
	if a := h.asset(h.upload(idOf(url)).Asset); a.SHA256 != sumOf(file) {
		t.Error("the stored bytes are others")
	}
}

// deaf is a body of some middleware that goes on waiting whatever the deadline.
type deaf struct {
	io.ReadCloser
	release <-chan struct{}
}

func (d deaf) Read(p []byte) (int, error) {
	n, err := d.ReadCloser.Read(p)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		<-d.release
	}
	return n, err
}

func TestABodyThatHeedsNoDeadlineKeepsNobodyWaiting(t *testing.T) {
	h := newHouse(t, nil)
	inner, release := h.http.Config.Handler, make(chan struct{})
	h.http.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = deaf{r.Body, release}
		inner.ServeHTTP(w, r)
	})
	file := film(100_000)
	url := h.tusCreate(len(file))
	first := h.write(url, 0)
	first.send(file[:50_000])
	h.begun(url)
	h.until("the bytes are here", func() bool { return h.offset(url) == 50_000 })
	a := h.patch(url, 50_000, file[50_000:]) // while the read of the first still stands
	close(release)
	_ = first.body.Close()
	h.want(a, 204)
	first.wait()
}

func TestKeepAliveSurvivesUploads(t *testing.T) {
	h := newHouse(t, &upload.Options{IdleTimeout: idle})
	dials := 0
	client := h.http.Client()
	client.Transport = &http.Transport{DialContext: countDials(&dials)}
	for range 2 {
		h.want(h.do("POST", "", bytes.NewReader(film(50_000))), 201)
		time.Sleep(idle + idle/4) // the idle timeout of a body is not the connection's
	}
	if dials != 1 {
		t.Errorf("%d connections for two requests", dials)
	}
}

func TestCurl(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		missing(t, "curl is not installed: see make test-deps")
	}
	h := newHouse(t, &upload.Options{OnComplete: upload.Inspect, MaxSize: 8 << 20})
	clip := append(testclip.MP4(t), freeBox(2<<20)...) // beyond what curl sends without Expect: 100-continue
	file := filepath.Join(t.TempDir(), "clip.mp4")
	if err := os.WriteFile(file, clip, 0o600); err != nil {
		t.Fatal(err)
	}
	endpoint := h.http.URL + "/v1/uploads"
	for name, args := range map[string][]string{
		"--data-binary":   {"--data-binary", "@" + file},
		"-F":              {"-F", "title=A film", "-F", "file=@" + file},
		"-F, title after": {"-F", "file=@" + file + ";type=video/mp4", "-F", "title=A film"},
		"-T, piped":       {"-X", "POST", "-T", "-"},
	} {
		t.Run(name, func(t *testing.T) {
			h.t = t
			cmd := exec.CommandContext(t.Context(), "curl", append([]string{"-sS", "-i", "--max-time", "20", endpoint}, args...)...)
			cmd.Stdin = bytes.NewReader(clip)
			out, err := cmd.CombinedOutput()
			if err != nil || !bytes.Contains(out, []byte(" 201 Created")) {
				t.Fatalf("%v: %s", err, out)
			}
			id := strings.TrimSpace(after(string(out), "Streamgate-Asset: "))
			if a := h.asset(id); a.State != metadata.Ready || a.SHA256 != sumOf(clip) {
				t.Errorf("asset is %s, sum %s", a.State, a.SHA256)
			}
		})
	}
	t.Run("too large", func(t *testing.T) {
		big := filepath.Join(t.TempDir(), "big.mp4")
		if err := os.WriteFile(big, film(9<<20), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), "curl", "-sS", "-i", "--max-time", "20", "--data-binary", "@"+big, endpoint).CombinedOutput()
		if err != nil || !bytes.Contains(out, []byte(" 413 ")) || !bytes.Contains(out, []byte("8388608 bytes")) {
			t.Errorf("%v: %s", err, out)
		}
	})
}

// after returns the rest of the line that follows mark.
func after(s, mark string) string {
	_, s, _ = strings.Cut(s, mark)
	line, _, _ := strings.Cut(s, "\n")
	return line
}

func countDials(n *int) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		*n++
		return new(net.Dialer).DialContext(ctx, network, addr)
	}
}
