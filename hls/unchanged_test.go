package hls

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// slowly requests a path over a connection of its own, and reads the first bytes
// of the answer's body. The rest waits in the sockets and in the server.
func slowly(t *testing.T, server *httptest.Server, path string) *http.Response {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: (&net.Dialer{}).DialContext}}
	answer, err := client.Get(server.URL + path) //nolint:noctx // the server is this test's own
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { answer.Body.Close() })
	if _, err := io.ReadFull(answer.Body, make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	return answer
}

// Somebody writes another film into a file that is just being sent. What the
// viewer gets must not look whole, whichever way the bytes take.
func TestAFileThatIsOverwrittenWhileItIsSentBreaksTheConnection(t *testing.T) {
	for name, c := range map[string]clip{
		"sent by the kernel, film and sound apart": {frames: 6 * clipRate, frameSize: 400_000, gop: 60},
		"sent by the kernel, interleaved":          {frames: 6 * clipRate, frameSize: 300_000, gop: 60, audio: 1},
	} {
		t.Run(name, func(t *testing.T) {
			for way, overwrite := range map[string]func(f *os.File, size int64) error{
				"in place": func(f *os.File, size int64) error {
					_, err := f.WriteAt(bytes.Repeat([]byte{0xee}, int(size)), 0)
					return err
				},
				"cut and written anew": func(f *os.File, size int64) error {
					if err := f.Truncate(0); err != nil {
						return err
					}
					_, err := f.WriteAt(bytes.Repeat([]byte{0xee}, int(size)), 0)
					return err
				},
			} {
				dir := t.TempDir()
				path := filepath.Join(dir, "clip.mp4")
				c.writeFile(t, path)
				past := time.Now().Add(-time.Hour)
				if err := os.Chtimes(path, past, past); err != nil {
					t.Fatal(err)
				}
				h := Dir(dir)
				server := httptest.NewServer(h)
				defer server.Close()
				answer := slowly(t, server, base(t, h, "/clip.mp4", "v1")+"0.m4s")
				f, err := os.OpenFile(path, os.O_RDWR, 0)
				if err != nil {
					t.Fatal(err)
				}
				defer f.Close()
				info, err := f.Stat()
				if err != nil {
					t.Fatal(err)
				}
				if err := overwrite(f, info.Size()); err != nil {
					t.Fatal(err)
				}
				if n, err := io.Copy(io.Discard, answer.Body); err == nil {
					t.Errorf("%s: the answer looks whole after %d more bytes", way, n)
				}
			}
		})
	}
}

// One that is put in the place of another does no harm: who reads the old one
// gets all of it, and the new one has other URLs.
func TestAFileThatIsReplacedWhileItIsSentIsSentWhole(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "clip.mp4")
	clip{frames: 6 * clipRate, frameSize: 400_000, gop: 60}.writeFile(t, path)
	h := Dir(dir)
	server := httptest.NewServer(h)
	defer server.Close()
	at := base(t, h, "/clip.mp4", "v1")
	want := content(t, ask(h, "GET", at+"0.m4s"))[1000:]
	answer := slowly(t, server, at+"0.m4s")
	other := filepath.Join(dir, "other.mp4")
	shortClip.writeFile(t, other)
	if err := os.Rename(other, path); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(answer.Body)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes, want %d: %v", len(got), len(want), err)
	}
	if after := ask(h, "GET", at+"0.m4s"); after.StatusCode != http.StatusNotFound {
		t.Errorf("the old URL: %s", after.Status)
	}
}

// What is held back has an end in every form of a body.
func TestTheEndOfABodyIsHeldBack(t *testing.T) {
	for _, c := range []struct{ runs, kept []run }{
		{[]run{{0, 100}}, nil},
		{[]run{{0, heldBack + 1}}, []run{{0, 1}}},
		{[]run{{5, 10_000}, {50_000, 20}}, []run{{5, 10_000}}},
	} {
		b := &body{runs: c.runs}
		whole := b.left()
		last := b.holdBack()
		if b.left()+last.length != whole || len(b.runs) != len(c.kept) {
			t.Errorf("%v and %v", b.runs, last)
		}
	}
}
