package upload_test

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/upload"
)

func TestTusDiscovery(t *testing.T) {
	h := newHouse(t, &upload.Options{MaxSize: 12345})
	a := h.want(h.do("OPTIONS", "", nil), 204)
	got := map[string]string{}
	for _, name := range []string{"Tus-Resumable", "Tus-Version", "Tus-Extension", "Tus-Max-Size", "Allow"} {
		got[name] = a.header.Get(name)
	}
	want := map[string]string{
		"Tus-Resumable": "1.0.0", "Tus-Version": "1.0.0", "Tus-Max-Size": "12345", "Allow": "POST, OPTIONS",
		"Tus-Extension": "creation,creation-with-upload,creation-defer-length,checksum,checksum-trailer,expiration,termination,concatenation",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTusUploadInChunksOfAnySize(t *testing.T) {
	for _, chunk := range []int{1, 100, 4095, 4096, 70_000, 1 << 20} {
		t.Run(strconv.Itoa(chunk), func(t *testing.T) {
			h := newHouse(t, nil)
			file := film(min(300_000, chunk*40) + 3)
			url := h.tusCreate(len(file), "Upload-Metadata", "filename Y2xpcC5tcDQ=,title QSBmaWxt,is_private")
			for at := 0; at < len(file); {
				next := min(len(file), at+chunk)
				a := h.want(h.patch(url, at, file[at:next]), 204)
				if a.header.Get("Upload-Offset") != strconv.Itoa(next) {
					t.Fatalf("ends at %s, want %d", a.header.Get("Upload-Offset"), next)
				}
				at = next
				if head := h.want(h.tus("HEAD", url, nil), 200); head.header.Get("Upload-Offset") != strconv.Itoa(next) {
					t.Fatalf("HEAD says %s, want %d", head.header.Get("Upload-Offset"), next)
				}
			}
			u := h.upload(idOf(url))
			a := h.asset(u.Asset)
			if u.State != metadata.UploadComplete || a.State != metadata.Processing || a.Title != "A film" || a.Filename != "clip.mp4" {
				t.Errorf("upload is %s, asset %+v", u.State, a)
			}
			if a.SHA256 != sumOf(file) || !bytes.Equal(h.read(a.Source), file) {
				t.Error("the stored bytes are others")
			}
		})
	}
}

func TestTusHeadSaysAll(t *testing.T) {
	h := newHouse(t, nil)
	url := h.tusCreate(1000, "Upload-Metadata", "z eA==,a,filename Y2xpcC5tcDQ=")
	a := h.want(h.tus("HEAD", url, nil), 200)
	for name, want := range map[string]string{
		"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Upload-Length": "1000", "Cache-Control": "no-store",
		"Upload-Metadata": "a,filename Y2xpcC5tcDQ=,z eA==", "Upload-Defer-Length": "",
	} {
		if got := a.header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if _, err := http.ParseTime(a.header.Get("Upload-Expires")); err != nil {
		t.Errorf("Upload-Expires: %v", err)
	}
}

func TestTusLengthMayComeLater(t *testing.T) {
	h := newHouse(t, &upload.Options{MaxSize: 1 << 20})
	file := film(50_000)
	created := h.want(h.tus("POST", "/", nil, "Upload-Defer-Length", "1"), 201)
	url := created.location(t)
	h.want(h.patch(url, 0, file[:20_000]), 204)
	if a := h.want(h.tus("HEAD", url, nil), 200); a.header.Get("Upload-Defer-Length") != "1" {
		t.Errorf("HEAD says %v", a.header)
	}
	h.want(h.patch(url, 20_000, nil, "Upload-Length", "19999"), 400)
	h.want(h.patch(url, 20_000, nil, "Upload-Length", strconv.Itoa(1<<20+1)), 413)
	h.want(h.patch(url, 20_000, film(1<<20)), 413)
	h.want(h.patch(url, 20_000, file[20_000:30_000], "Upload-Length", "50000"), 204)
	h.want(h.patch(url, 30_000, nil, "Upload-Length", "60000"), 400)
	h.want(h.patch(url, 30_000, file[30_000:]), 204)
	if u := h.upload(idOf(url)); u.State != metadata.UploadComplete || u.SHA256 != sumOf(file) {
		t.Errorf("upload is %s with %s", u.State, u.SHA256)
	}
}

func TestTusCreationWithUpload(t *testing.T) {
	h := newHouse(t, nil)
	file := film(50_000)
	const ct = "application/offset+octet-stream"
	part := h.want(h.tus("POST", "", file[:40_000], "Upload-Length", "50000", "Content-Type", ct), 201)
	if part.header.Get("Upload-Offset") != "40000" {
		t.Errorf("ends at %s", part.header.Get("Upload-Offset"))
	}
	h.want(h.patch(part.location(t), 40_000, file[40_000:]), 204)
	whole := h.want(h.tus("POST", "", file, "Upload-Length", "50000", "Content-Type", ct), 201)
	for _, a := range []answer{part, whole} {
		if got := h.asset(a.header.Get("StreamGate-Asset")); got.SHA256 != sumOf(file) || got.State != metadata.Processing {
			t.Errorf("asset is %s with %s", got.State, got.SHA256)
		}
	}
	h.want(h.tus("POST", "", []byte(strings.Repeat("text", 5000)), "Upload-Length", "50000", "Content-Type", ct), 415)
}

func TestTusRefusals(t *testing.T) {
	h := newHouse(t, &upload.Options{MaxSize: 1 << 20})
	url := h.tusCreate(1000)
	const ct = "application/offset+octet-stream"
	tests := map[string]struct {
		method, url string
		body        []byte
		headers     []string
		status      int
	}{
		"a creation of another version":      {"POST", "", nil, []string{"Tus-Resumable", "0.2.2", "Upload-Length", "1"}, 412},
		"a creation without a length":        {"POST", "", nil, []string{"Tus-Resumable", "1.0.0"}, 400},
		"a creation with two lengths":        {"POST", "", nil, []string{"Tus-Resumable", "1.0.0", "Upload-Length", "1", "Upload-Defer-Length", "1"}, 400},
		"a negative length":                  {"POST", "", nil, []string{"Tus-Resumable", "1.0.0", "Upload-Length", "-1"}, 400},
		"a length beyond 63 bits":            {"POST", "", nil, []string{"Tus-Resumable", "1.0.0", "Upload-Length", "9223372036854775808"}, 400},
		"a length with a sign":               {"POST", "", nil, []string{"Tus-Resumable", "1.0.0", "Upload-Length", "+1"}, 400},
		"a length of nothing":                {"POST", "", nil, []string{"Tus-Resumable", "1.0.0", "Upload-Length", "0"}, 400},
		"a length beyond the limit":          {"POST", "", nil, []string{"Tus-Resumable", "1.0.0", "Upload-Length", "1048577"}, 413},
		"a chunk without a version":          {"PATCH", url, film(10), []string{"Upload-Offset", "0", "Content-Type", ct}, 412},
		"a chunk of another type":            {"PATCH", url, film(10), []string{"Tus-Resumable", "1.0.0", "Upload-Offset", "0", "Content-Type", "video/mp4"}, 415},
		"a chunk without an offset":          {"PATCH", url, film(10), []string{"Tus-Resumable", "1.0.0", "Content-Type", ct}, 400},
		"a chunk elsewhere":                  {"PATCH", url, film(10), []string{"Tus-Resumable", "1.0.0", "Upload-Offset", "10", "Content-Type", ct}, 409},
		"a chunk beyond the length":          {"PATCH", url, film(1001), []string{"Tus-Resumable", "1.0.0", "Upload-Offset", "0", "Content-Type", ct}, 413},
		"a chunk for nothing":                {"PATCH", "/" + metadata.NewID(), film(10), []string{"Tus-Resumable", "1.0.0", "Upload-Offset", "0", "Content-Type", ct}, 404},
		"a HEAD of another version":          {"HEAD", url, nil, []string{"Tus-Resumable", "2"}, 412},
		"a HEAD of nothing":                  {"HEAD", "/" + metadata.NewID(), nil, nil, 404},
		"a method that is none":              {"PUT", url, nil, nil, 405},
		"a GET of the mount":                 {"GET", "", nil, nil, 405},
		"a completion by GET":                {"GET", url + "/complete", nil, nil, 405},
		"a completion before all bytes came": {"POST", url + "/complete", nil, nil, 400},
		"a path below":                       {"GET", url + "/source", nil, nil, 404},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			h.t = t
			a := h.want(h.do(tc.method, tc.url, bytes.NewReader(tc.body), tc.headers...), tc.status)
			if tc.status == 412 && a.header.Get("Tus-Version") != "1.0.0" {
				t.Errorf("names the versions %q", a.header.Get("Tus-Version"))
			}
			if a.status == 409 && a.header.Get("Upload-Offset") != "0" {
				t.Errorf("says that it ends at %q", a.header.Get("Upload-Offset"))
			}
		})
	}
	// More than was announced, by a body that does not announce itself.
	a := h.do("PATCH", url, struct{ *bytes.Buffer }{bytes.NewBuffer(film(1001))},
		"Tus-Resumable", "1.0.0", "Upload-Offset", "0", "Content-Type", ct)
	h.want(a, 413)
	h.want(h.patch(url, 0, film(1000)), 204)
}

func TestTusWrongTypeIsRefusedWhenItShows(t *testing.T) {
	h := newHouse(t, nil)
	text := []byte(strings.Repeat("no film at all. ", 4096))
	url := h.tusCreate(len(text))
	h.want(h.patch(url, 0, text[:3000]), 204) // too little to say no
	a := h.want(h.patch(url, 3000, text[3000:6000]), 415)
	detail := a.json(t)["detail"].(string)
	u := h.upload(idOf(url))
	if asset := h.asset(u.Asset); asset.State != metadata.Failed || asset.Error != detail || u.State != metadata.UploadFailed {
		t.Errorf("upload is %s, asset %s with %q", u.State, asset.State, asset.Error)
	}
	h.want(h.patch(url, 3000, text[3000:6000]), 410)
	h.want(h.tus("HEAD", url, nil), 410)
	if got := h.want(h.do("GET", url, nil), 200).json(t); got["state"] != "failed" || got["error"] != detail {
		t.Errorf("status is %v", got)
	}
	if blobs, drafts := h.blobs(); blobs+drafts != 0 {
		t.Errorf("%d blobs and %d drafts are left", blobs, drafts)
	}
}

func TestTusTermination(t *testing.T) {
	h := newHouse(t, nil)
	url := h.tusCreate(1000)
	h.want(h.patch(url, 0, film(1000)[:500]), 204)
	h.want(h.tus("DELETE", url, nil), 204)
	h.want(h.tus("HEAD", url, nil), 410)
	h.want(h.patch(url, 500, film(1000)[500:]), 410)
	h.want(h.tus("DELETE", url, nil), 410)
	if a := h.asset(h.upload(idOf(url)).Asset); a.State != metadata.Failed || !strings.Contains(a.Error, "cancelled") {
		t.Errorf("asset is %s with %q", a.State, a.Error)
	}
	if blobs, drafts := h.blobs(); blobs+drafts != 0 {
		t.Errorf("%d blobs and %d drafts are left", blobs, drafts)
	}
	done := h.tusCreate(1000)
	h.want(h.patch(done, 0, film(1000)), 204)
	h.want(h.tus("DELETE", done, nil), 409)
	h.want(h.patch(done, 1000, nil), 204) // repeated by a client that missed the answer
}

func TestUploadMetadataIsInert(t *testing.T) {
	h := newHouse(t, nil)

	evil := "../../x\r\nSet-Cookie: a=b\u202e.mp4"
	u := h.upload(idOf(h.tusCreate(1000, "Upload-Metadata", "filename "+b64(evil)+",title "+b64("a\r\nb"))))
	a := h.asset(u.Asset)
	if a.Filename != "xSet-Cookie: a=b.mp4" || a.Title != "a  b" || u.Metadata["filename"] != evil {
		t.Errorf("filename %q, title %q, metadata %q", a.Filename, a.Title, u.Metadata)
	}
	head := h.want(h.tus("HEAD", "/"+u.ID, nil), 200)
	if head.header.Get("Upload-Metadata") != "filename "+b64(evil)+",title "+b64("a\r\nb") || head.header.Get("Set-Cookie") != "" {
		t.Errorf("HEAD says %v", head.header)
	}
	for name, header := range map[string]string{
		"bad base64":              "filename !!!",
		"base64 without padding":  "filename YQ",
		"a key that comes twice":  "a YQ==,a Yg==",
		"an empty pair":           "a YQ==,,b Yg==",
		"a key that is not ASCII": "ä YQ==",
		"bytes that are no text":  "filename " + base64.StdEncoding.EncodeToString([]byte{0xff, 0xfe}),
		"nine kibibytes":          "a " + b64(strings.Repeat("x", 9<<10)),
	} {
		t.Run(name, func(t *testing.T) {
			h.t = t
			h.want(h.tus("POST", "", nil, "Upload-Length", "1000", "Upload-Metadata", header), 400)
		})
	}
}

// Every answer to a tus client says the version (tus 1.0, Tus-Resumable), also
// one that comes before anything of the protocol was looked at.
func TestTusVersionIsInEveryAnswer(t *testing.T) {
	h := newHouse(t, nil)
	url := h.tusCreate(100)
	for name, a := range map[string]answer{
		"no id":                  h.want(h.tus("HEAD", "/no-id", nil), 404),
		"no upload":              h.want(h.tus("HEAD", "/"+metadata.NewID(), nil), 404),
		"where they begin":       h.want(h.tus("PATCH", "", nil), 405),
		"no method of an upload": h.want(h.tus("PUT", url, nil), 405),
		"no offset":              h.want(h.tus("PATCH", url, nil), 400),
	} {
		if got := a.header.Get("Tus-Resumable"); got != "1.0.0" {
			t.Errorf("%s: the answer says the version %q", name, got)
		}
	}
}
