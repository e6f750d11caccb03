package streamgate_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/streamgate/streamgate"
	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/internal/testclip"
	"github.com/streamgate/streamgate/internal/testdb"
)

// TestMain also is what other tests start as a process of its own.
func TestMain(m *testing.M) {
	if isWorker() {
		return
	}
	goleak.VerifyTestMain(m)
}

// byHeader signs in whoever the header says.
func byHeader(r *http.Request) (auth.Principal, error) {
	id := r.Header.Get("Test-User")
	return auth.Principal{ID: id, Admin: id == "root"}, nil
}

// openGate opens a Gate that is not started.
func openGate(t *testing.T, dir string, opts ...streamgate.Option) *streamgate.Gate {
	t.Helper()
	opts = append([]streamgate.Option{
		streamgate.WithAuthenticator(byHeader),
		streamgate.WithLogger(slog.New(slog.DiscardHandler)),
	}, opts...)
	if dir != "" {
		testdb.Put(t, filepath.Join(dir, "streamgate.db"))
	}
	g, err := streamgate.New(dir, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stopGate(t, g) })
	return g
}

// startGate opens and starts a Gate, and stops it when the test ends.
func startGate(t *testing.T, dir string, opts ...streamgate.Option) *streamgate.Gate {
	t.Helper()
	g := openGate(t, dir, opts...)
	if err := g.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return g
}

func stopGate(t *testing.T, g *streamgate.Gate) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := g.Stop(ctx); err != nil {
		t.Error(err)
	}
}

// client sends requests as one user to one server.
type client struct {
	t    *testing.T
	base string // without a slash at the end
	user string
	http *http.Client
}

// serve makes a server of h and returns a client whose paths begin at base.
func serve(t *testing.T, h http.Handler, base string) *client {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return &client{t: t, base: srv.URL + base, user: "ada", http: srv.Client()}
}

func (c *client) as(user string) *client {
	d := *c
	d.user = user
	return &d
}

// answer is a response with its body read.
type answer struct {
	*http.Response
	body []byte
}

func (c *client) do(method, path string, body io.Reader, headers ...string) answer {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.base+path, body)
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Test-User", c.user)
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := c.http.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	all, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return answer{res, all}
}

func (c *client) get(path string) answer { c.t.Helper(); return c.do(http.MethodGet, path, nil) }

// want fails the test for another status.
func (a answer) want(t *testing.T, status int) answer {
	t.Helper()
	if a.StatusCode != status {
		t.Fatalf("%s %s: status %d, want %d: %.300s", a.Request.Method, a.Request.URL, a.StatusCode, status, a.body)
	}
	return a
}

// json returns the members of a JSON object.
func (a answer) json(t *testing.T) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(a.body, &v); err != nil {
		t.Fatalf("%s %s: %v in %.300s", a.Request.Method, a.Request.URL, err, a.body)
	}
	return v
}

// upload sends the clip as a plain body and returns the asset's id.
func (c *client) upload() string {
	c.t.Helper()
	a := c.do(http.MethodPost, "/v1/uploads?filename=clip.mp4", bytes.NewReader(testclip.MP4(c.t))).want(c.t, http.StatusCreated)
	id, _ := a.json(c.t)["asset_id"].(string)
	return id
}

// wantProblem checks an answer that is a problem, and that it has the request's id.
func wantProblem(t *testing.T, a answer, status int) {
	t.Helper()
	a.want(t, status)
	id := a.Header.Get("X-Request-ID")
	if id == "" {
		t.Errorf("%s %s: no X-Request-ID", a.Request.Method, a.Request.URL)
	}
	if a.Request.Method == http.MethodHead {
		return
	}
	p := a.json(t)
	if got := a.Header.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("%s %s: Content-Type %q", a.Request.Method, a.Request.URL, got)
	}
	kind, _ := p["type"].(string)
	if p["status"] != float64(status) || p["request_id"] != id || !strings.HasPrefix(kind, "urn:streamgate:problem:") || p["title"] == "" {
		t.Errorf("%s %s: %v", a.Request.Method, a.Request.URL, p)
	}
}

// eventually waits for something that happens in the background.
func eventually(t *testing.T, what string, happened func() bool) {
	t.Helper()
	wait := 10 * time.Millisecond // and more and more, so that nobody asks too often
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(wait) {
		if happened() {
			return
		}
		wait = min(wait+wait/8, 200*time.Millisecond)
	}
	t.Fatalf("it did not happen that %s", what)
}
