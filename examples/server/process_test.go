package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// asServer makes the test binary be the server: a process that signals reach.
const asServer = "STREAMGATE_TEST_AS_SERVER"

func TestMain(m *testing.M) {
	if os.Getenv(asServer) != "" {
		main()
		return
	}
	flag.Parse()
	if !testing.Verbose() {
		slog.SetDefault(slog.New(slog.DiscardHandler))
	}
	dir, err := os.MkdirTemp("", "streamgate-fixtures")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fixtures.dir, fixtures.made = dir, map[string]func() (string, error){}
	code := m.Run()
	if shared.end != nil {
		shared.end()
	}
	_ = os.RemoveAll(dir) // of no use to anybody, and not in the way
	os.Exit(code)
}

// process is a server of its own.
type process struct {
	t              *testing.T
	cmd            *exec.Cmd
	stdout, stderr *output
	ended          chan error
}

func launch(t *testing.T, args ...string) *process {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, stdout: newOutput(), stderr: newOutput(), ended: make(chan error, 1)}
	p.cmd = exec.Command(self, args...)
	p.cmd.Env = append(os.Environ(), asServer+"=1", keyVariable+"=")
	p.cmd.Stdout, p.cmd.Stderr = p.stdout, p.stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.ended <- p.cmd.Wait() }()
	t.Cleanup(func() { _ = p.cmd.Process.Kill() }) // it has ended already where all is well
	return p
}

func (p *process) url() string {
	p.t.Helper()
	select {
	case url := <-p.stdout.url:
		return url
	case err := <-p.ended:
		p.t.Fatalf("the server ended with %v:\n%s", err, p.stderr)
	case <-time.After(2 * time.Minute):
		p.t.Fatal("the server does not say where it is")
	}
	return ""
}

// end waits for the process and returns its exit code, -1 when a signal ended it.
func (p *process) end() int {
	p.t.Helper()
	select {
	case err := <-p.ended:
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			return exit.ExitCode()
		}
		if err != nil {
			p.t.Fatal(err)
		}
		return 0
	case <-time.After(2 * time.Minute):
		p.t.Fatalf("the server does not end:\n%s", p.stderr)
	}
	return 0
}

func (p *process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

func TestServerRefusesInOneSentence(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	nowhere := filepath.Join(t.TempDir(), "nowhere")
	owned := filepath.Join(t.TempDir(), "data")
	first := launch(t, "-addr", "127.0.0.1:0", "-data", owned)
	first.url()

	tests := []struct {
		name string
		args []string
		want string
	}{
		{"a port that is taken", []string{"-addr", taken.Addr().String(), "-data", t.TempDir()}, "is taken by another program"},
		{"a data directory that is in use", []string{"-addr", "127.0.0.1:0", "-data", owned}, "is in use by another server"},
		{"a folder to import that is not there", []string{"-addr", "127.0.0.1:0", "-data", t.TempDir(), "-import", nowhere}, "cannot import from the folder " + nowhere + ": no such file or directory\n"},
		{"a file as folder to import", []string{"-addr", "127.0.0.1:0", "-data", t.TempDir(), "-import", self}, "cannot import from the folder " + self + ": not a directory\n"},
		{"an open address without a key", []string{"-addr", ":0", "-data", t.TempDir()}, "without an API key"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := launch(t, tt.args...)
			if code := p.end(); code != 1 || !strings.Contains(p.stderr.String(), tt.want) {
				t.Errorf("exit code %d, want 1, with %q in:\n%s", code, tt.want, p.stderr)
			}
			if strings.Contains(p.stderr.String(), "goroutine") {
				t.Errorf("it shows a stack:\n%s", p.stderr)
			}
		})
	}
	first.signal(syscall.SIGTERM)
	if code := first.end(); code != 0 {
		t.Errorf("exit code %d after SIGTERM, want 0:\n%s", code, first.stderr)
	}
}

func TestServerUploadsPlaysAndDrains(t *testing.T) {
	path := clip(t)
	data := filepath.Join(t.TempDir(), "data")
	p := launch(t, "-addr", "127.0.0.1:0", "-data", data)
	base := p.url()
	if printed := p.stdout.String(); !strings.Contains(printed, "curl --data-binary @clip.mp4 '"+base+"v1/uploads?filename=clip.mp4'\n") || !strings.Contains(printed, data) || !strings.Contains(printed, "Ctrl+C") {
		t.Errorf("it does not say how to upload, where the data is and how to stop:\n%s", printed)
	}
	a := uploadBody(t, base, path)
	if !a.Playable || a.Duration < 11.9 || a.Duration > 12.2 {
		t.Fatalf("asset %+v, want one of 12 s that plays", a)
	}
	plays(t, base+strings.TrimPrefix(a.Playback, "/"))

	listening := hearEvents(t, base)
	upload, offset := beginUpload(t, base, 1<<20)
	p.signal(syscall.SIGTERM)
	if code := p.end(); code != 0 {
		t.Fatalf("exit code %d after SIGTERM, want 0:\n%s", code, p.stderr)
	}
	if err := <-listening; err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("the event stream ended with %v", err)
	}

	again := launch(t, "-addr", "127.0.0.1:0", "-data", data)
	base = again.url()
	if !strings.HasSuffix(p.stderr.String(), "msg=stopped\n") {
		t.Errorf("its last words are not that it has stopped:\n%s", p.stderr)
	}
	if b := awaitAsset(t, base, a.ID, ""); b.State != "ready" {
		t.Errorf("after a restart the asset is %q", b.State)
	}
	if kept := offsetOf(t, base+"v1/uploads/"+upload); kept < offset {
		t.Errorf("of the upload %d bytes are left, want at least the %d acknowledged", kept, offset)
	}
	again.signal(os.Interrupt)
	if code := again.end(); code != 0 {
		t.Errorf("exit code %d after SIGINT, want 0", code)
	}
}

func TestSecondSignalEndsAtOnce(t *testing.T) {
	p := launch(t, "-addr", "127.0.0.1:0", "-data", t.TempDir(), "-drain", "5m")
	base := p.url()
	defer stall(t, base)() // something that the drain has to wait for
	p.signal(syscall.SIGTERM)
	for range 3000 {
		if strings.Contains(p.stderr.String(), "stopping") {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	ready, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"ready", nil)
	if err != nil {
		t.Fatal(err)
	}
	request(t, ready, http.StatusServiceUnavailable, nil)
	p.signal(syscall.SIGTERM)
	if code := p.end(); code == 0 {
		t.Error("the second signal was taken for a clean end")
	}
}

// plays fetches what a player would, and lets ffprobe count the frames where it is installed.
func plays(t *testing.T, url string) {
	t.Helper()
	ffprobe := tool(t, "ffprobe")
	out, err := exec.CommandContext(t.Context(), ffprobe, "-v", "error", "-count_packets",
		"-show_entries", "stream=codec_type,nb_read_packets", "-of", "csv=p=0", url).CombinedOutput()
	if err != nil {
		t.Fatalf("ffprobe: %v\n%s", err, out)
	}
	if !strings.Contains(string(out), "video,360\n") || !strings.Contains(string(out), "audio,") {
		t.Errorf("ffprobe sees %q, want 360 packets of video, and audio", out)
	}
}

// hearEvents opens the event stream and tells how it ended.
func hearEvents(t *testing.T, base string) <-chan error {
	t.Helper()
	answer, err := http.Get(base + "v1/events") //nolint:noctx // it is the server that ends it
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		defer answer.Body.Close()
		_, err := io.Copy(io.Discard, answer.Body)
		ended <- err
	}()
	return ended
}

// beginUpload sends n of more bytes by tus, waits until they are acknowledged,
// goes on sending without an end, and returns the upload's id.
func beginUpload(t *testing.T, base string, n int) (id string, offset int64) {
	t.Helper()
	create, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"v1/uploads", nil)
	if err != nil {
		t.Fatal(err)
	}
	create.Header.Set("Tus-Resumable", "1.0.0")
	create.Header.Set("Upload-Length", strconv.Itoa(100<<20))
	create.Header.Set("Upload-Metadata", "filename "+base64.StdEncoding.EncodeToString([]byte("long.mp4")))
	answer, err := http.DefaultClient.Do(create)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	location, err := answer.Request.URL.Parse(answer.Header.Get("Location"))
	if err != nil || answer.StatusCode != http.StatusCreated {
		t.Fatalf("creating an upload answers %s, Location %q: %v", answer.Status, answer.Header.Get("Location"), err)
	}
	start := append([]byte("\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp41"), make([]byte, n)...)
	if err := patch(t.Context(), location.String(), 0, bytes.NewReader(start)); err != nil {
		t.Fatal(err)
	}
	offset = offsetOf(t, location.String())
	if offset != int64(len(start)) {
		t.Fatalf("%d bytes are acknowledged, want %d", offset, len(start))
	}
	pipe, writer := io.Pipe()
	t.Cleanup(func() { _ = writer.Close() }) // never fails
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	go func() { _ = patch(ctx, location.String(), offset, pipe) }() // it is to be cut off
	if _, err := writer.Write(make([]byte, n)); err != nil {
		t.Fatal(err)
	}
	return filepath.Base(location.Path), offset
}

// patch appends to an upload.
func patch(ctx context.Context, url string, offset int64, body io.Reader) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPatch, url, body)
	if err != nil {
		return err
	}
	r.Header.Set("Tus-Resumable", "1.0.0")
	r.Header.Set("Upload-Offset", strconv.FormatInt(offset, 10))
	r.Header.Set("Content-Type", "application/offset+octet-stream")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusNoContent {
		return errors.New(answer.Status)
	}
	return nil
}

func offsetOf(t *testing.T, url string) int64 {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodHead, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Tus-Resumable", "1.0.0")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	offset, err := strconv.ParseInt(answer.Header.Get("Upload-Offset"), 10, 64)
	if err != nil {
		t.Fatalf("HEAD answers %s without an offset: %v", answer.Status, err)
	}
	return offset
}

// stall begins a request whose body never comes, and returns what ends it.
func stall(t *testing.T, base string) func() {
	t.Helper()
	conn, err := net.Dial("tcp", strings.Trim(strings.TrimPrefix(base, "http://"), "/"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.WriteString(conn, "POST /v1/assets HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n")
	if err != nil {
		t.Fatal(err)
	}
	line := make([]byte, len("HTTP/1.1 100"))
	if _, err := io.ReadFull(conn, line); err != nil || string(line) != "HTTP/1.1 100" {
		t.Fatalf("the server does not ask for the body, it says %q: %v", line, err)
	}
	return func() { _ = conn.Close() } // the server has closed it already
}
