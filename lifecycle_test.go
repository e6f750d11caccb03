package streamgate_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/streamgate/streamgate"
	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/internal/testclip"
	"github.com/streamgate/streamgate/storage/disk"
)

func TestNewFailsClosed(t *testing.T) {
	tests := map[string]struct {
		opts []streamgate.Option
		want string
	}{
		"nobody says who asks": {nil, "WithAuthenticator"},
		"an origin that is none": {
			[]streamgate.Option{streamgate.WithAuthenticator(auth.Everybody("x")), streamgate.WithTrustedOrigins("example.com")}, "example.com",
		},
		"a public URL that is none": {
			[]streamgate.Option{streamgate.WithAuthenticator(auth.Everybody("x")), streamgate.WithPublicURL("/video")}, "/video",
		},
		"a public URL with a password": {
			[]streamgate.Option{streamgate.WithAuthenticator(auth.Everybody("x")), streamgate.WithPublicURL("https://a:b@x/")}, "WithPublicURL",
		},
		"no authorizer": {
			[]streamgate.Option{streamgate.WithAuthenticator(auth.Everybody("x")), streamgate.WithAuthorizer(nil)}, "nil",
		},
		"an import folder that is not there": {
			[]streamgate.Option{streamgate.WithAuthenticator(auth.Everybody("x")), streamgate.WithImportFolder("/no/such/folder")}, "/no/such/folder",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			g, err := streamgate.New(dir, tt.opts...)
			if err == nil || g != nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
			openGate(t, dir) // what failed holds nothing
		})
	}
}

func TestADataDirectoryHasOneOwner(t *testing.T) {
	dir := t.TempDir()
	first := openGate(t, dir)
	_, err := streamgate.New(dir, streamgate.WithAuthenticator(byHeader))
	if !errors.Is(err, disk.ErrInUse) {
		t.Errorf("a second Gate: %v, want %v", err, disk.ErrInUse)
	}
	stopGate(t, first)
	openGate(t, dir)
}

const otherProcess = "STREAMGATE_TEST_DATA_OF_ANOTHER_PROCESS"

func TestADataDirectoryHasOneProcess(t *testing.T) {
	if dir := os.Getenv(otherProcess); dir != "" { // this is the second process
		if _, err := streamgate.New(dir, streamgate.WithAuthenticator(byHeader)); errors.Is(err, disk.ErrInUse) {
			fmt.Println("refused")
		}
		return
	}
	dir := t.TempDir()
	openGate(t, dir)
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestADataDirectoryHasOneProcess$")
	cmd.Env = append(os.Environ(), otherProcess+"="+dir)
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "refused") {
		t.Errorf("%v: %s", err, out)
	}
}

func TestStopEndsWhatRunsAndKeepsItsBytes(t *testing.T) {
	dir := t.TempDir()
	g := startGate(t, dir)
	c := serve(t, g, "")
	clip := testclip.MP4(t)
	tus := []string{"Tus-Resumable", "1.0.0", "Content-Type", "application/offset+octet-stream"}
	a := c.do(http.MethodPost, "/v1/uploads", nil, append(tus, "Upload-Length", strconv.Itoa(len(clip)))...).want(t, http.StatusCreated)
	location, err := a.Location()
	if err != nil {
		t.Fatal(err)
	}

	body, writer := io.Pipe()
	defer writer.Close()
	patched := make(chan answer, 1)
	go func() {
		patched <- c.do(http.MethodPatch, location.Path, body, append(tus, "Upload-Offset", "0")...)
	}()
	if _, err := writer.Write(clip[:len(clip)/2]); err != nil {
		t.Fatal(err)
	}
	stream := listen(t, c, "")
	eventually(t, "the stream was there", func() bool { return g.Events().Subscribers() == 1 })
	eventually(t, "the bytes are with the server", func() bool {
		head := c.do(http.MethodHead, location.Path, nil, tus...).want(t, http.StatusOK)
		return head.Header.Get("Upload-Offset") == strconv.Itoa(len(clip)/2)
	})

	begin := time.Now()
	stopGate(t, g)
	if took := time.Since(begin); took > 20*time.Second { // a body that is silent has 30 s
		t.Errorf("Stop took %s", took)
	}
	wantProblem(t, <-patched, http.StatusServiceUnavailable)
	if lines := stream(); lines[len(lines)-1] != ": the server is stopping" {
		t.Errorf("the stream ended with %q", lines)
	}
	for _, path := range []string{"/health", "/ready", "/v1/assets", "/play/x/master.m3u8", "/nothing"} {
		wantProblem(t, c.get(path), http.StatusServiceUnavailable)
	}
	stopGate(t, g) // again

	// The next process goes on where this one stopped.
	c = serve(t, startGate(t, dir), "")
	head := c.do(http.MethodHead, location.Path, nil, tus...).want(t, http.StatusOK)
	if got := head.Header.Get("Upload-Offset"); got != strconv.Itoa(len(clip)/2) {
		t.Errorf("offset %s, want %d", got, len(clip)/2)
	}
	rest := strings.NewReader(string(clip[len(clip)/2:]))
	c.do(http.MethodPatch, location.Path, rest, append(tus, "Upload-Offset", strconv.Itoa(len(clip)/2))...).want(t, http.StatusNoContent)
	plays(t, c, c.base+"/play/"+a.Header.Get("StreamGate-Asset")+"/master.m3u8")
}

// listen opens an event stream. What it returns reads the stream to its end.
func listen(t *testing.T, c *client, lastEventID string) func() []string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.base+"/v1/events?last_event_id="+lastEventID, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Test-User", c.user)
	res, err := c.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	return func() (lines []string) {
		defer res.Body.Close()
		for s := bufio.NewScanner(res.Body); s.Scan(); {
			if s.Text() != "" {
				lines = append(lines, s.Text())
			}
		}
		return lines
	}
}

func TestEventsTellOfAnUpload(t *testing.T) {
	g := startGate(t, t.TempDir())
	c := serve(t, g, "")
	mine, bobs := listen(t, c, "0"), listen(t, c.as("bob"), "0")
	id := c.upload()
	eventually(t, "the events went out", func() bool {
		left, err := g.Metadata().Events().Pending(t.Context(), 0, 1)
		return err == nil && len(left) == 0 && c.get("/v1/assets/"+id).want(t, http.StatusOK).json(t)["state"] == "ready"
	})
	stopGate(t, g)
	var types []string
	for _, line := range mine() {
		if name, ok := strings.CutPrefix(line, "event: "); ok && name != "upload.progress" {
			types = append(types, name)
		}
	}
	for _, want := range []string{"upload.created", "upload.completed", "asset.ready"} {
		if !strings.Contains(strings.Join(types, " "), want) {
			t.Errorf("%s is missing: %q", want, types)
		}
	}
	for _, line := range bobs() {
		if strings.HasPrefix(line, "event:") {
			t.Errorf("bob hears %q", line)
		}
	}
}

func TestStopSaysWhatItCouldNotEndAndClosesAllTheSame(t *testing.T) {
	dir := t.TempDir()
	entered, release := make(chan struct{}), make(chan struct{})
	slow := func(r *http.Request) (auth.Principal, error) {
		if r.URL.Path == "/v1/assets" {
			close(entered)
			<-release
		}
		return auth.Principal{ID: "ada"}, nil
	}
	g, err := streamgate.New(dir, streamgate.WithAuthenticator(slow), streamgate.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	c := serve(t, g, "")
	done := make(chan answer, 1)
	go func() { done <- c.get("/v1/assets") }()
	<-entered

	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err = g.Stop(ctx)
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "1 requests") {
		t.Errorf("got %v", err)
	}
	if again := g.Stop(t.Context()); !errors.Is(again, context.DeadlineExceeded) {
		t.Errorf("the second Stop says %v", again)
	}
	openGate(t, dir) // the lock is released
	close(release)
	if a := <-done; a.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a request on a closed database: status %d: %s", a.StatusCode, a.body)
	}
}

func TestAGateStartsOnce(t *testing.T) {
	g := startGate(t, t.TempDir())
	if err := g.Start(t.Context()); err == nil {
		t.Error("it started twice")
	}
	stopGate(t, g)
	if err := g.Start(t.Context()); err == nil {
		t.Error("it started after Stop")
	}
}
