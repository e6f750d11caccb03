package upload_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/upload"
)

func sumOf(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

func TestPlainBodyBecomesAnAsset(t *testing.T) {
	h := newHouse(t, &upload.Options{
		AssetPath: func(id string) string { return "/v1/assets/" + id },
		Playback:  func(id string) string { return "/play/" + id + "/master.m3u8" },
	})
	file := film(1<<20 + 17)
	tests := map[string]struct {
		path    string
		body    io.Reader
		headers []string
		want    metadata.Asset
	}{
		"as curl --data-binary sends it": {
			body:    bytes.NewReader(file),
			headers: []string{"Content-Type", "application/x-www-form-urlencoded"},
		},
		"without a content type, of unknown length": {body: struct{ io.Reader }{bytes.NewReader(file)}},
		"with a name in Content-Disposition": {
			body:    bytes.NewReader(file),
			headers: []string{"Content-Disposition", `attachment; filename*=UTF-8''%C3%A4.mp4`},
			want:    metadata.Asset{Filename: "ä.mp4", Title: "ä"},
		},
		"with everything in the query": {
			path: "?filename=..%2F..%2Fx.mp4&title=A%0AB&description=d&tags=a,b,+c",
			body: bytes.NewReader(file),
			want: metadata.Asset{Filename: "x.mp4", Title: "A B", Description: "d", Tags: []string{"a", "b", "c"}},
		},
		"at the mount with a slash": {path: "/", body: bytes.NewReader(file)},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			h.t = t
			a := h.want(h.do("POST", tc.path, tc.body, tc.headers...), 201)
			got := a.json(t)
			id := got["asset_id"].(string)
			if a.header.Get("StreamGate-Asset") != id || got["playback"] != "/play/"+id+"/master.m3u8" || got["asset"] != "/v1/assets/"+id {
				t.Errorf("answered %v %v", a.header, got)
			}
			if want := h.http.URL + "/v1/uploads/" + got["upload_id"].(string); a.location(t) != want {
				t.Errorf("Location resolves to %s, want %s", a.location(t), want)
			}
			tc.want.Size, tc.want.SHA256, tc.want.Type = int64(len(file)), sumOf(file), "video/mp4"
			asset := h.asset(id)
			if !bytes.Equal(h.read(asset.Source), file) {
				t.Error("the stored bytes are others")
			}
			if asset.State != metadata.Processing || asset.Owner != "alice" {
				t.Errorf("asset is %s of %q", asset.State, asset.Owner)
			}
			known := metadata.Asset{
				Filename: asset.Filename, Title: asset.Title, Description: asset.Description, Tags: asset.Tags,
				Size: asset.Size, SHA256: asset.SHA256, Type: asset.Type,
			}
			if diff := cmp.Diff(tc.want, known); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPlainBodyIsRefused(t *testing.T) {
	h := newHouse(t, &upload.Options{MaxSize: 1 << 20})
	tests := map[string]struct {
		body   io.Reader
		path   string
		status int
		says   string
		leaves int // assets, all failed
	}{
		"an empty body":                   {http.NoBody, "", 400, "empty", 0},
		"an empty body of unknown length": {struct{ io.Reader }{strings.NewReader("")}, "", 400, "empty", 1},
		"more than the limit, announced":  {bytes.NewReader(film(1<<20 + 1)), "", 413, "1048576 bytes", 0},
		"more than the limit, chunked":    {struct{ io.Reader }{bytes.NewReader(film(1<<20 + 1))}, "", 413, "1048576 bytes", 1},
		"a text":                          {strings.NewReader("This is not the file that you look for."), "", 415, "content", 1},
		"a picture":                       {strings.NewReader("\xff\xd8\xff\xe0\x00\x10JFIF" + strings.Repeat("\x00", 8000)), "?filename=x.mp4", 415, "this is a picture (JPEG)", 1},
		"a small picture":                 {strings.NewReader("\xff\xd8\xff\xe0\x00\x10JFIF"), "", 415, "this is a picture (JPEG)", 1},
		"a page under a film's name":      {strings.NewReader("<html><script>alert(1)</script>" + strings.Repeat(" ", 8000)), "?filename=x.mp4", 415, "content", 1},
		"a title that is too long":        {bytes.NewReader(film(100)), "?title=" + strings.Repeat("x", 501), 422, "title", 0},
		"a query that is none":            {bytes.NewReader(film(100)), "?a=%zz", 400, "query", 0},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			h.t = t
			a := h.want(h.do("POST", tc.path, tc.body), tc.status)
			got := a.json(t)
			if a.header.Get("Content-Type") != "application/problem+json" || !strings.Contains(got["detail"].(string), tc.says) {
				t.Errorf("answered %v %v", a.header, got)
			}
			id := a.header.Get("StreamGate-Asset")
			if (id != "") != (tc.leaves == 1) {
				t.Fatalf("names asset %q", id)
			}
			if id != "" {
				asset := h.asset(id)
				if asset.State != metadata.Failed || asset.Error != got["detail"] {
					t.Errorf("asset is %s with %q", asset.State, asset.Error)
				}
			}
			if blobs, drafts := h.blobs(); blobs+drafts != 0 {
				t.Errorf("%d blobs and %d drafts are left", blobs, drafts)
			}
		})
	}
}

// Sent by hand: what a client does that goes away, or that lies about its length.
func (h *house) raw(request string, body []byte) net.Conn {
	h.t.Helper()
	u, err := url.Parse(h.http.URL)
	if err != nil {
		h.t.Fatal(err)
	}
	c, err := net.Dial("tcp", u.Host)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = c.Close() })
	if _, err := c.Write(append([]byte(request), body...)); err != nil {
		h.t.Fatal(err)
	}
	return c
}

// openUpload waits for the one upload that is open to hold at least offset durable bytes.
func (h *house) openUpload(offset int64) *metadata.Upload {
	h.t.Helper()
	for range 6000 {
		open, err := h.meta.OpenUploads(h.t.Context(), "", 10)
		if err != nil {
			h.t.Fatal(err)
		}
		if len(open) == 1 && open[0].Offset >= offset {
			return open[0]
		}
		time.Sleep(10 * time.Millisecond)
	}
	h.t.Fatalf("no upload came to hold %d bytes", offset)
	return nil
}

func TestPlainBodyOfAClientThatGoesAwayIsResumed(t *testing.T) {
	h := newHouse(t, nil)
	file := film(3 << 20)
	half := len(file) / 2
	c := h.raw("POST /v1/uploads HTTP/1.1\r\nHost: x\r\nContent-Length: "+strconv.Itoa(len(file))+"\r\n\r\n", file[:half])
	_ = c.Close()
	u := h.openUpload(int64(half))
	if a := h.asset(u.Asset); a.State != metadata.Uploading {
		t.Errorf("asset is %s", a.State)
	}
	head := h.want(h.tus("HEAD", "/"+u.ID, nil), 200)
	if head.header.Get("Upload-Offset") != strconv.Itoa(half) {
		t.Fatalf("ends at %s, want %d", head.header.Get("Upload-Offset"), half)
	}
	h.want(h.patch("/"+u.ID, half, file[half:]), 204)
	a := h.asset(u.Asset)
	if a.State != metadata.Processing || a.SHA256 != sumOf(file) || !bytes.Equal(h.read(a.Source), file) {
		t.Errorf("asset is %s, sum %s", a.State, a.SHA256)
	}
}
