package streamgate_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/streamgate/streamgate"
	"github.com/streamgate/streamgate/internal/testclip"
)

// A client that follows the IETF's draft hears of its upload before the answer
// through all that a Gate puts in front of it, and resumes there.
func TestIETFUploadThroughAGate(t *testing.T) {
	for name, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2": true} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewUnstartedServer(startGate(t, t.TempDir()))
			server.EnableHTTP2 = http2
			if http2 {
				server.StartTLS()
			} else {
				server.Start()
			}
			defer server.Close()
			c := &client{t: t, base: server.URL, user: "ada", http: server.Client()}
			clip := testclip.MP4(t)

			location := cutOff(t, c, clip)
			head := c.do(http.MethodHead, location, nil, "Upload-Draft-Interop-Version", "8").want(t, http.StatusNoContent)
			offset := head.Header.Get("Upload-Offset") // of 1000 bytes, some may not have arrived
			at, err := strconv.Atoi(offset)
			if head.Header.Get("Upload-Complete") != "?0" || err != nil || at > 1000 {
				t.Fatalf("HEAD says %v", head.Header)
			}
			a := c.do(http.MethodPatch, location, bytes.NewReader(clip[at:]), "Upload-Draft-Interop-Version", "8",
				"Content-Type", "application/partial-upload", "Upload-Offset", offset, "Upload-Complete", "?1").want(t, http.StatusCreated)
			if a.json(t)["state"] != "ready" || a.Header.Get("Upload-Complete") != "?1" {
				t.Errorf("answered %v %s", a.Header, a.body)
			}
			c.get(a.json(t)["playback"].(string)).want(t, http.StatusOK)
		})
	}
}

// cutOff sends the first 1000 bytes of a file, waits until it has heard where
// the upload is, and loses its connection. It returns the path of the upload.
func cutOff(t *testing.T, c *client, file []byte) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	told := make(chan string, 1)
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
		if code == 104 && h.Get("Upload-Draft-Interop-Version") == "8" {
			told <- h.Get("Location")
		}
		return nil
	}})
	body, writer := io.Pipe()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/v1/uploads?filename=clip.mp4", body)
	if err != nil {
		t.Fatal(err)
	}
	req.ContentLength = int64(len(file))
	req.Header.Set("Test-User", c.user)
	req.Header.Set("Upload-Draft-Interop-Version", "8")
	req.Header.Set("Upload-Complete", "?1")
	done := make(chan struct{})
	go func() {
		defer close(done)
		if res, err := c.http.Do(req); err == nil {
			res.Body.Close()
		}
	}()
	if _, err := writer.Write(file[:1000]); err != nil {
		t.Fatal(err)
	}
	var location string
	select {
	case location = <-told:
	case <-ctx.Done():
		t.Fatal("no 104 came")
	}
	cancel()
	_ = writer.CloseWithError(io.ErrUnexpectedEOF)
	<-done
	return pathOf(t, location)
}

func pathOf(t *testing.T, location string) string {
	t.Helper()
	u, err := url.Parse("/v1/uploads")
	if err == nil {
		u, err = u.Parse(location)
	}
	if err != nil {
		t.Fatal(err)
	}
	return u.Path
}

func TestAPageOfATrustedOriginReadsWhatTheIETFAnswers(t *testing.T) {
	const origin = "https://app.example"
	c := serve(t, startGate(t, t.TempDir(), streamgate.WithTrustedOrigins(origin)), "")
	const fields = "content-digest,repr-digest,upload-complete,upload-draft-interop-version,upload-incomplete,upload-length"
	ask := c.as("").do(http.MethodOptions, "/v1/uploads", nil, "Origin", origin, "Sec-Fetch-Site", "cross-site",
		"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", fields)
	if ask.StatusCode != http.StatusNoContent || ask.Header.Get("Access-Control-Allow-Headers") != fields {
		t.Errorf("the preflight: %d %v", ask.StatusCode, ask.Header)
	}
	a := c.do(http.MethodPost, "/v1/uploads", nil, "Origin", origin, "Sec-Fetch-Site", "cross-site", "Upload-Complete", "?0").want(t, http.StatusCreated)
	exposed := ", " + a.Header.Get("Access-Control-Expose-Headers") + ","
	for name := range a.Header {
		if name != "Location" && !strings.HasPrefix(name, "Upload-") {
			continue
		}
		if !strings.Contains(exposed, ", "+name+",") {
			t.Errorf("the page cannot read %s of %s", name, exposed)
		}
	}
}
