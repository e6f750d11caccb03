package hls

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/streamgate/streamgate/media"
)

// ways is each kind of connection to a handler.
func ways(t *testing.T, h http.Handler) map[string]func(path string, headers ...string) *http.Response {
	t.Helper()
	plain := httptest.NewServer(h)
	t.Cleanup(plain.Close)
	secret := httptest.NewUnstartedServer(h)
	secret.EnableHTTP2 = true
	secret.StartTLS()
	t.Cleanup(secret.Close)
	by := func(c *http.Client, at string) func(string, ...string) *http.Response {
		t.Cleanup(c.CloseIdleConnections)
		return func(path string, headers ...string) *http.Response {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, at+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			for i := 0; i < len(headers); i += 2 {
				r.Header.Set(headers[i], headers[i+1])
			}
			answer, err := c.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = answer.Body.Close() })
			return answer
		}
	}
	return map[string]func(string, ...string) *http.Response{
		"HTTP/1.1":         by(newClient(false), plain.URL),
		"TLS":              by(newClient(false), secret.URL),
		"HTTP/2":           by(newClient(true), secret.URL),
		"HTTP/1.1, copied": by(newClient(false), plain.URL+"/copied"),
	}
}

// copying is a handler around another one whose ResponseWriter takes what is
// sent with io.Copy, as some do.
func copying(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if path, ok := strings.CutPrefix(r.URL.Path, "/copied"); ok {
			r.URL.Path = path
			w = copyWriter{w}
		}
		next.ServeHTTP(w, r)
	})
}

type copyWriter struct{ http.ResponseWriter }

func (w copyWriter) ReadFrom(r io.Reader) (int64, error) { return io.Copy(w.ResponseWriter, r) }

func TestSegmentsAreTheSameOnEveryConnection(t *testing.T) {
	dir := t.TempDir()
	interleaved := clip{frames: 12 * clipRate, frameSize: 20_000, gop: 60, audio: 1}
	alone := interleaved // each segment is one run, for sendfile
	alone.audio = 0
	interleaved.writeFile(t, filepath.Join(dir, "interleaved.mp4"))
	alone.writeFile(t, filepath.Join(dir, "alone.mp4"))
	folder := Dir(dir)
	for way, get := range ways(t, copying(folder)) {
		for _, name := range []string{"interleaved.mp4", "alone.mp4"} {
			source := readFile(t, filepath.Join(dir, name))
			index, err := media.Parse(t.Context(), bytes.NewReader(source), int64(len(source)), nil)
			if err != nil {
				t.Fatal(err)
			}
			for i, track := range index.Tracks {
				at := base(t, folder, "/"+name, trackName(track))
				for n := range track.Segments {
					want := segment(t, index, i, n, source)
					got := get(at + segmentName(n))
					if b := content(t, got); !bytes.Equal(b, want) || got.ContentLength != int64(len(want)) {
						t.Errorf("%s: %s %s %d: %d bytes, Content-Length %d; want %d", way, name, trackName(track), n, len(b), got.ContentLength, len(want))
					}
					from, to := len(want)/3, len(want)/3*2
					part := get(at+segmentName(n), "Range", fmt.Sprintf("bytes=%d-%d", from, to))
					if b := content(t, part); part.StatusCode != http.StatusPartialContent || !bytes.Equal(b, want[from:to+1]) {
						t.Errorf("%s: a range of %s %s %d: %s, %d bytes", way, name, trackName(track), n, part.Status, len(b))
					}
				}
			}
		}
	}
}

// The connection that sendfile needs is found through net/http, some layers
// down. Should a version of Go close that way, this test says so.
func TestLongRunsReachTheConnection(t *testing.T) {
	dir := t.TempDir()
	clip{frames: 12 * clipRate, frameSize: 20_000, gop: 60}.writeFile(t, filepath.Join(dir, "clip.mp4"))
	f, err := os.Open(filepath.Join(dir, "clip.mp4"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	reached := make(chan bool, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "1000000")
		_, err := w.(io.ReaderFrom).ReadFrom(&probe{f: f, reached: reached})
		if err != nil {
			t.Error(err)
		}
	}))
	defer server.Close()
	if n := len(fetch(t, server.URL)); n != 1_000_000 {
		t.Errorf("%d bytes", n)
	}
	if !<-reached {
		t.Error("WriteTo got no connection")
	}
}

// probe is a body that tells what it was written to.
type probe struct {
	f       *os.File
	sent    int64
	reached chan bool
}

func (p *probe) Read(b []byte) (int, error) {
	n, err := p.f.ReadAt(b[:min(int64(len(b)), 1_000_000-p.sent)], p.sent)
	p.sent += int64(n)
	return n, err
}

func (p *probe) WriteTo(w io.Writer) (int64, error) {
	_, ok := w.(syscall.Conn)
	p.reached <- ok
	b := &body{source: p.f, file: p.f, runs: []run{{p.sent, 1_000_000 - p.sent}}}
	return b.WriteTo(w)
}

func TestAClientThatGoesAwayLeavesNothingOpen(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	l := newLibrary(t, clip{frames: 12 * clipRate, frameSize: 100_000, gop: 60, audio: 1}, nil)
	var logged atomic.Int64
	server := httptest.NewUnstartedServer(by(ann, l))
	server.Config.ErrorLog = countingLogger(&logged)
	server.Start()
	defer server.Close()
	at := base(t, by(ann, l), "/film", "v1")
	for range 5 {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "GET %s0.m4s HTTP/1.1\r\nHost: x\r\n\r\n", at)
		if _, err := io.ReadFull(conn, make([]byte, 1000)); err != nil {
			t.Fatal(err)
		}
		conn.Close()
	}
	for range 6000 {
		if l.files.open.Load() == 0 {
			break
		}
		time.Sleep(10 * time.Millisecond) // the kernel's time, which synctest cannot have
	}
	if n := l.files.open.Load(); n != 0 {
		t.Errorf("%d blobs are still open", n)
	}
	if logged.Load() != 0 {
		t.Errorf("%d lines in the error log", logged.Load())
	}
}

func TestASourceThatFailsBreaksTheConnection(t *testing.T) {
	l := newLibrary(t, clip{frames: 12 * clipRate, frameSize: 20_000, gop: 60, audio: 1}, nil)
	h := by(ann, l)
	at := base(t, h, "/film", "v1")
	var logged atomic.Int64
	server := httptest.NewUnstartedServer(h)
	server.Config.ErrorLog = countingLogger(&logged)
	server.Start()
	defer server.Close()
	l.files.fail = func(key string, offset int64) error {
		if key == "film/source" && offset > 1_000_000 {
			return errors.New("a bad sector")
		}
		return nil
	}
	answer, err := http.Get(server.URL + at + "0.m4s")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	n, err := io.Copy(io.Discard, answer.Body)
	if answer.StatusCode != http.StatusOK || err == nil || n >= answer.ContentLength {
		t.Errorf("%s: %d of %d bytes, %v", answer.Status, n, answer.ContentLength, err)
	}
	if n := l.files.open.Load(); n != 0 {
		t.Errorf("%d blobs are still open", n)
	}
	if logged.Load() != 0 {
		t.Errorf("%d lines in the error log", logged.Load())
	}
}

// On HTTP/2 nothing but this panic resets the stream.
func TestASourceThatFailsMidwayAbortsTheHandler(t *testing.T) {
	l := newLibrary(t, clip{frames: 12 * clipRate, frameSize: 20_000, gop: 60, audio: 1}, nil)
	at := base(t, by(ann, l), "/film", "v1")
	l.files.fail = func(key string, offset int64) error {
		if key == "film/source" && offset > 1_000_000 {
			return errors.New("a bad sector")
		}
		return nil
	}
	defer func() {
		if p := recover(); p != http.ErrAbortHandler { //nolint:errorlint // the value itself is what net/http looks for
			t.Errorf("it ends with %v", p)
		}
	}()
	ask(by(ann, l), "GET", at+"0.m4s")
}

// A file that is cut short while it plays must break the connection, whether
// the kernel reads it or we do.
func TestAFileThatShrinksBreaksTheConnection(t *testing.T) {
	for _, runs := range [][]run{{{0, 500_000}}, {{0, 1000}, {2000, 1000}, {200_000, 1000}}} {
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, make([]byte, 100_000), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			b := &body{source: f, file: f, runs: runs}
			w.Header().Set("Content-Length", fmt.Sprint(b.left()))
			if b.send(w, r) == nil || !errors.Is(b.readErr, io.ErrUnexpectedEOF) {
				t.Errorf("it was sent: %v", b.readErr)
			}
			panic(http.ErrAbortHandler)
		}))
		defer server.Close()
		answer, err := http.Get(server.URL)
		if err != nil {
			continue // broken before the headers left
		}
		defer answer.Body.Close()
		if _, err := io.Copy(io.Discard, answer.Body); err == nil {
			t.Error("the answer looks whole")
		}
	}
}

func TestASlowClientGetsEverything(t *testing.T) {
	dir := t.TempDir()
	clip{frames: 6 * clipRate, frameSize: 100_000, gop: 60}.writeFile(t, filepath.Join(dir, "clip.mp4")) // beyond what sockets buffer
	h := Dir(dir)
	server := httptest.NewServer(h)
	defer server.Close()
	at := base(t, h, "/clip.mp4", "v1")
	want := content(t, ask(h, "GET", at+"0.m4s"))
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+at+"0.m4s", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	time.Sleep(50 * time.Millisecond) // the socket fills, and the kernel says EAGAIN
	if got := content(t, answer); !bytes.Equal(got, want) {
		t.Errorf("%d bytes, want %d", len(got), len(want))
	}
}
