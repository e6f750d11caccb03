package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// output is what a server prints, and when it says where it is.
type output struct {
	mu   sync.Mutex
	text strings.Builder
	url  chan string
}

var opens = regexp.MustCompile(`Open +(http://\S+)`)

func newOutput() *output { return &output{url: make(chan string, 1)} }

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text.Write(p)
	if m := opens.FindStringSubmatch(o.text.String()); m != nil {
		select {
		case o.url <- m[1]:
		default:
		}
	}
	return len(p), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// runServer runs the server in this process until the test ends, and returns
// the address of its page.
func runServer(t *testing.T, c config, files fs.FS) string {
	t.Helper()
	if c.addr == "" {
		c.addr = "127.0.0.1:0"
	}
	if c.audit == "" {
		c.audit = "drop"
	}
	if c.data == "" {
		c.data = filepath.Join(t.TempDir(), "data")
	}
	c.drain = time.Minute
	out := newOutput()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- run(ctx, c, files, out) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the server ended with %v", err)
		}
	})
	select {
	case url := <-out.url:
		return url
	case err := <-done:
		done <- nil
		t.Fatalf("the server did not start: %v", err)
	case <-time.After(2 * time.Minute):
		t.Fatal("the server did not say where it is")
	}
	return ""
}

type asset struct {
	ID       string  `json:"id"`
	Title    string  `json:"title"`
	State    string  `json:"state"`
	Error    string  `json:"error"`
	Playable bool    `json:"playable"`
	Duration float64 `json:"duration"`
	Playback string  `json:"playback"`
}

func listAssets(t *testing.T, base string) []asset {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"v1/assets", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var page struct{ Assets []asset }
	if err := json.NewDecoder(answer.Body).Decode(&page); err != nil {
		t.Fatal(err)
	}
	return page.Assets
}

// uploadFile does what curl -F file=@path does.
func uploadFile(t *testing.T, base, path, bearer string) asset {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", filepath.Base(path))
	if err == nil {
		_, err = part.Write(readFile(t, path))
	}
	if err = errors.Join(err, form.Close()); err != nil {
		t.Fatal(err)
	}
	return post(t, base, &body, form.FormDataContentType(), bearer)
}

// uploadBody does what curl --data-binary @path does.
func uploadBody(t *testing.T, base, path string) asset {
	t.Helper()
	return post(t, base, bytes.NewReader(readFile(t, path)), "application/x-www-form-urlencoded", "")
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func post(t *testing.T, base string, body io.Reader, contentType, bearer string) asset {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"v1/uploads", body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", contentType)
	authorize(r, bearer)
	var created struct {
		AssetID string `json:"asset_id"`
	}
	request(t, r, http.StatusCreated, &created)
	return awaitAsset(t, base, created.AssetID, bearer)
}

// awaitAsset returns an asset once it is ready or failed.
func awaitAsset(t *testing.T, base, id, bearer string) asset {
	t.Helper()
	var a asset
	for range 2400 {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"v1/assets/"+id, nil)
		if err != nil {
			t.Fatal(err)
		}
		authorize(r, bearer)
		request(t, r, http.StatusOK, &a)
		if a.State == "ready" || a.State == "failed" {
			return a
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("asset %s stays %q", id, a.State)
	return a
}

func authorize(r *http.Request, bearer string) {
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
}

func request(t *testing.T, r *http.Request, status int, into any) {
	t.Helper()
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var body bytes.Buffer
	if _, err := body.ReadFrom(answer.Body); err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != status {
		t.Fatalf("%s %s answers %d, want %d: %s", r.Method, r.URL, answer.StatusCode, status, body.String())
	}
	if into == nil {
		return
	}
	if err := json.Unmarshal(body.Bytes(), into); err != nil {
		t.Fatalf("%s %s: %v: %s", r.Method, r.URL, err, body.String())
	}
}

func TestServerChecksHostAndKey(t *testing.T) {
	open := runServer(t, config{}, bare(t))
	locked := runServer(t, config{key: testKey}, bare(t))
	tests := []struct {
		name, url, host, bearer string
		status                  int
	}{
		{"without a key, this machine is served", open + "v1/assets", "", "", 200},
		{"without a key, a name that points here is not", open + "v1/assets", "rebound.example", "", 421},
		{"without a key, operators see each dependency", open + "ready", "", "", 200},
		{"with a key, nobody is refused", locked + "v1/assets", "", "", 401},
		{"with a key, whoever has it is served", locked + "v1/assets", "", testKey, 200},
		{"with a key, a proxy may have a name", locked + "v1/assets", "video.example", testKey, 200},
		{"with a key, a wrong one is refused", locked + "v1/assets", "", testKey + "x", 401},
		{"with a key, a load balancer needs none", locked + "ready", "", "", 200},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, tt.url, nil)
			if err != nil {
				t.Fatal(err)
			}
			if tt.host != "" {
				r.Host = tt.host
			}
			authorize(r, tt.bearer)
			request(t, r, tt.status, nil)
		})
	}
}

func TestPublicPlay(t *testing.T) {
	for _, public := range []bool{false, true} {
		base := runServer(t, config{key: testKey, publicPlay: public}, bare(t))
		a := uploadFile(t, base, clip(t), testKey)
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+strings.TrimPrefix(a.Playback, "/"), nil)
		if err != nil {
			t.Fatal(err)
		}
		status := http.StatusUnauthorized
		if public {
			status = http.StatusOK
		}
		request(t, r, status, nil)
	}
}
