package streamgate_test

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/streamgate/streamgate/internal/testclip"
)

// part sends a part of a file and returns its URL, absolute, as clients keep it.
func (c *client) part(b []byte) string {
	c.t.Helper()
	a := c.do(http.MethodPost, "/v1/uploads", bytes.NewReader(b), "Tus-Resumable", "1.0.0", "Upload-Concat", "partial",
		"Upload-Length", strconv.Itoa(len(b)), "Content-Type", "application/offset+octet-stream").want(c.t, http.StatusCreated)
	location, err := a.Location()
	if err != nil {
		c.t.Fatal(err)
	}
	return location.String()
}

func TestAFileInPartsPlaysUnderAnyPrefix(t *testing.T) {
	for name, mount := range mounts {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			c := serve(t, mount(t, startGate(t, dir)), "/video")
			clip := testclip.MP4(t)
			var urls []string
			for i := range 3 {
				urls = append(urls, c.part(clip[i*len(clip)/3:(i+1)*len(clip)/3]))
			}
			final := []string{"Tus-Resumable", "1.0.0", "Upload-Concat", "final;" + strings.Join(urls, " ")}
			c.as("eve").do(http.MethodPost, "/v1/uploads", nil, final...).want(t, http.StatusNotFound)
			a := c.do(http.MethodPost, "/v1/uploads", nil, final...).want(t, http.StatusCreated)
			plays(t, c, c.base+"/play/"+a.Header.Get("StreamGate-Asset")+"/master.m3u8")
			eventually(t, "the file and its index alone are left", func() bool { return len(filesOf(t, dir)) == 2 })
		})
	}
}

// Row 3 of the list of attacks, for what is uploaded in parts.
func TestAPartIsNoMedia(t *testing.T) {
	c := serve(t, startGate(t, t.TempDir()), "")
	url := c.part(testclip.MP4(t)) // it would play
	id := url[strings.LastIndexByte(url, '/')+1:]
	for _, path := range []string{
		"/play/" + id + "/master.m3u8", "/play/parts/master.m3u8", "/play/parts%2f" + id + "/master.m3u8", "/play/parts/" + id + "/source",
		"/v1/assets/" + id, "/v1/uploads/" + id + "/source",
	} {
		wantProblem(t, c.get(path), http.StatusNotFound)
	}
	c.get("/v1/uploads/"+id).want(t, http.StatusOK)
}
