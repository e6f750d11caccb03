package upload_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/streamgate/streamgate/upload"
)

var drafts = []int{3, 4, 5, 6, 7, 8}

// An ietfClient follows one draft of the IETF's resumable uploads; version 0 is
// one that names none.
type ietfClient struct {
	h       *house
	version int

	mu       sync.Mutex
	informed []http.Header // the 104s of the last request
}

// fields returns what a request of this draft says; offset < 0 is a creation.
func (c *ietfClient) fields(offset int, complete bool) http.Header {
	h := http.Header{}
	if c.version != 0 {
		h.Set("Upload-Draft-Interop-Version", strconv.Itoa(c.version))
	}
	name, value := "Upload-Complete", map[bool]string{true: "?1", false: "?0"}[complete]
	if c.version == 3 {
		name, value = "Upload-Incomplete", map[bool]string{true: "?0", false: "?1"}[complete]
	}
	h.Set(name, value)
	if offset >= 0 {
		h.Set("Upload-Offset", strconv.Itoa(offset))
		if c.version == 0 || c.version >= 6 {
			h.Set("Content-Type", "application/partial-upload")
		}
	}
	return h
}

// send returns an error where no answer came. length < 0 sends chunks.
func (c *ietfClient) send(ctx context.Context, method, url string, body io.Reader, length int, fields http.Header, more ...string) (answer, error) {
	c.mu.Lock()
	c.informed = nil
	c.mu.Unlock()
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
		if code == 104 {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.informed = append(c.informed, http.Header(h))
		}
		return nil
	}})
	req, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		c.h.t.Fatal(err)
	}
	maps.Copy(req.Header, fields)
	for i := 0; i < len(more); i += 2 {
		req.Header.Set(more[i], more[i+1])
	}
	req.ContentLength = int64(length)
	if length == 0 {
		req.Body = nil
	}
	res, err := c.h.http.Client().Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, string(b), url}, err
}

// do is send for a connection that does not break.
func (c *ietfClient) do(method, url string, body []byte, fields http.Header, more ...string) answer {
	c.h.t.Helper()
	a, err := c.send(c.h.t.Context(), method, url, bytes.NewReader(body), len(body), fields, more...)
	if err != nil {
		c.h.t.Fatal(err)
	}
	return a
}

func (c *ietfClient) create(body []byte, complete bool, more ...string) answer {
	c.h.t.Helper()
	return c.do("POST", c.h.http.URL+"/v1/uploads", body, c.fields(-1, complete), more...)
}

func (c *ietfClient) append(url string, offset int, body []byte, complete bool, more ...string) answer {
	c.h.t.Helper()
	return c.do("PATCH", url, body, c.fields(offset, complete), more...)
}

// chunked is append by a body that does not announce its length.
func (c *ietfClient) chunked(method, url string, offset int, body []byte, complete bool, more ...string) answer {
	c.h.t.Helper()
	a, err := c.send(c.h.t.Context(), method, url, bytes.NewReader(body), -1, c.fields(offset, complete), more...)
	if err != nil {
		c.h.t.Fatal(err)
	}
	return a
}

func (c *ietfClient) head(url string) answer {
	c.h.t.Helper()
	fields := http.Header{}
	if c.version != 0 {
		fields.Set("Upload-Draft-Interop-Version", strconv.Itoa(c.version))
	}
	return c.do("HEAD", url, nil, fields)
}

// completes reads the completeness of an answer, as this draft has it.
func (c *ietfClient) completes(h http.Header) string {
	if c.version != 3 {
		return h.Get("Upload-Complete")
	}
	return map[string]string{"?0": "?1", "?1": "?0"}[h.Get("Upload-Incomplete")]
}

var errConnection = errors.New("the connection is lost")

// cutBody gives up to left bytes of a body and then loses the connection.
type cutBody struct {
	src  io.Reader
	left int
	lose func()
}

func (b *cutBody) Read(p []byte) (int, error) {
	if b.left == 0 {
		b.lose()
		return 0, errConnection
	}
	n, err := b.src.Read(p[:min(len(p), b.left, 16<<10)])
	b.left -= n
	return n, err
}

// lossy sends what is left of a file from offset and loses the connection
// somewhere, at times after the last byte.
func (c *ietfClient) lossy(method, url string, file []byte, offset int) (answer, error) {
	ctx, cancel := context.WithCancel(c.h.t.Context())
	defer cancel()
	rest := file[max(offset, 0):]
	fields := c.fields(offset, true)
	if offset < 0 {
		fields.Set("Upload-Length", strconv.Itoa(len(file)))
	}
	switch rand.IntN(10) {
	case 0: // it holds
		return c.send(ctx, method, url, bytes.NewReader(rest), len(rest), fields)
	case 1: // it is lost with the answer
		time.AfterFunc(time.Duration(rand.IntN(200))*time.Millisecond, cancel)
		return c.send(ctx, method, url, bytes.NewReader(rest), len(rest), fields)
	}
	body := &cutBody{bytes.NewReader(rest), rand.IntN(len(rest)/3 + 1), cancel}
	return c.send(ctx, method, url, body, len(rest), fields)
}

// upload is the whole life of a client with a bad connection. It returns how
// often it resumed.
func (c *ietfClient) upload(file []byte) (final answer, url string, resumed int) {
	c.h.t.Helper()
	acknowledged := 0
	for range 300 {
		if url == "" {
			a, err := c.lossy("POST", c.h.http.URL+"/v1/uploads", file, -1)
			url, acknowledged = c.heard(0)
			if err == nil {
				return a, a.location(c.h.t), resumed
			}
			continue
		}
		head := c.head(url)
		if head.status == http.StatusServiceUnavailable {
			time.Sleep(10 * time.Millisecond)
			continue
		}
		c.h.want(head, 204)
		offset, err := strconv.Atoi(head.header.Get("Upload-Offset"))
		if err != nil || offset < acknowledged || offset > len(file) {
			c.h.t.Fatalf("HEAD says %q after an acknowledgement of %d", head.header.Get("Upload-Offset"), acknowledged)
		}
		resumed++
		a, err := c.lossy("PATCH", url, file, offset)
		if _, told := c.heard(offset); told > acknowledged {
			acknowledged = told
		}
		if err == nil && a.status != http.StatusServiceUnavailable {
			return a, url, resumed
		}
	}
	c.h.t.Fatal("it did not end")
	return answer{}, "", 0
}

// heard checks the 104s of a request that began at offset, and returns the
// address and the last offset that they told.
func (c *ietfClient) heard(offset int) (url string, acknowledged int) {
	c.h.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, h := range c.informed {
		if got := h.Get("Upload-Draft-Interop-Version"); got != strconv.Itoa(c.version) {
			c.h.t.Errorf("a 104 names the version %q", got)
		}
		if location := h.Get("Location"); location != "" {
			if i != 0 {
				c.h.t.Errorf("104 number %d repeats the Location", i)
			}
			url = answer{header: h, url: c.h.http.URL + "/v1/uploads"}.location(c.h.t)
		}
		if text := h.Get("Upload-Offset"); text != "" {
			at, err := strconv.Atoi(text)
			if err != nil || at < offset || at < acknowledged || c.version < 5 {
				c.h.t.Errorf("a 104 tells the offset %q, after %d", text, max(offset, acknowledged))
			}
			acknowledged = at
		}
	}
	return url, acknowledged
}

// secured serves the house over TLS, by HTTP/2.
func (h *house) secured() {
	server := httptest.NewUnstartedServer(h.http.Config.Handler)
	server.EnableHTTP2 = true
	server.StartTLS()
	h.t.Cleanup(server.Close)
	h.http = server
}

func TestIETFClientWithABadConnection(t *testing.T) {
	for _, version := range drafts {
		for name, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2": true} {
			t.Run("version "+strconv.Itoa(version)+" over "+name, func(t *testing.T) {
				t.Parallel()
				h := newHouse(t, &upload.Options{MaxSize: 8 << 20})
				h.up.InformEvery(time.Millisecond)
				if http2 {
					h.secured()
				}
				file := film(1_500_000)
				c := &ietfClient{h: h, version: version}
				final, url, resumed := c.upload(file)
				if final.status != 201 || c.completes(final.header) != "?1" || final.json(t)["sha256"] != sumOf(file) {
					t.Errorf("answered %d %v %s", final.status, final.header, final.body)
				}
				u := h.upload(idOf(url))
				if a := h.asset(u.Asset); u.Protocol != "ietf" || a.SHA256 != sumOf(file) || !bytes.Equal(h.read(a.Source), file) {
					t.Errorf("stored after %d resumptions is another file", resumed)
				}
			})
		}
	}
}
