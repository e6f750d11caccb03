package upload_test

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"io"
	"net/http"
	"strconv"
	"testing"

	"github.com/streamgate/streamgate/metadata"
)

func TestTusChecksumOfAChunk(t *testing.T) {
	file := film(50_000)
	of := map[string]func([]byte) []byte{
		"sha1":   func(b []byte) []byte { s := sha1.Sum(b); return s[:] },
		"sha256": func(b []byte) []byte { s := sha256.Sum256(b); return s[:] },
		"crc32":  func(b []byte) []byte { return binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(b)) },
	}
	for name, sum := range of {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, nil)
			url := h.tusCreate(len(file))
			first, second := file[:20_000], file[20_000:]
			right := name + " " + b64(string(sum(first)))
			wrong := name + " " + b64(string(sum(second)))
			a := h.want(h.patch(url, 0, first, "Upload-Checksum", wrong), 460)
			if a.header.Get("Upload-Offset") != "0" || h.offset(url) != 0 {
				t.Error("a chunk that was damaged on its way was taken")
			}
			h.want(h.patch(url, 0, first, "Upload-Checksum", right), 204)
			h.want(h.patchTrailer(url, 20_000, second, right), 460)
			h.want(h.patchTrailer(url, 20_000, second, "md5 "+b64("x")), 400)
			h.want(h.patchTrailer(url, 20_000, second, wrong), 204) // wrong for the first, right for this
			if a := h.asset(h.upload(idOf(url)).Asset); a.State != metadata.Processing || a.SHA256 != sumOf(file) {
				t.Errorf("asset is %s, sum %s", a.State, a.SHA256)
			}
		})
	}
}

func TestTusChecksumThatIsNone(t *testing.T) {
	h := newHouse(t, nil)
	url := h.tusCreate(1000)
	for name, value := range map[string]string{
		"an algorithm that is not offered": "md5 " + b64("0123456789abcdef"),
		"a sum of another length":          "sha1 " + b64("short"),
		"a sum in hexadecimal":             "sha1 " + hex.EncodeToString(make([]byte, 20)),
		"an algorithm alone":               "sha1",
	} {
		t.Run(name, func(t *testing.T) {
			h.t = t
			h.want(h.patch(url, 0, film(1000), "Upload-Checksum", value), 400)
		})
	}
	if at := h.offset(url); at != 0 {
		t.Errorf("ends at %d", at)
	}
}

func TestTusChecksumOfACreation(t *testing.T) {
	h := newHouse(t, nil)
	a := h.want(h.tus("POST", "", film(1000), "Upload-Length", "1000",
		"Content-Type", "application/offset+octet-stream", "Upload-Checksum", "crc32 "+b64("none")), 460)
	if at := h.offset(a.location(t)); at != 0 {
		t.Errorf("ends at %d", at)
	}
}

// What a damaged chunk looks like says nothing of the file.
func TestNothingIsJudgedByBytesThatMayBeDamaged(t *testing.T) {
	file := film(50_000)
	sum := func(b []byte) string { s := sha256.Sum256(b); return "sha256 " + b64(string(s[:])) }
	h := newHouse(t, nil)
	url := h.tusCreate(len(file))
	noise := bytes.Repeat([]byte("noise "), 5000)
	h.want(h.patch(url, 0, noise, "Upload-Checksum", sum(file)), 460)
	h.want(h.patchTrailer(url, 0, noise, sum(file)), 460)
	if u := h.upload(idOf(url)); u.State != metadata.UploadOpen || u.Offset != 0 || u.Type != "" {
		t.Fatalf("a damaged chunk made of the upload %+v", u)
	}
	h.want(h.patch(url, 0, file[:100], "Upload-Checksum", sum(file[:100])), 204)
	h.want(h.patch(url, 100, file[100:], "Upload-Checksum", sum(file[100:])), 204)
	if a := h.asset(h.upload(idOf(url)).Asset); a.SHA256 != sumOf(file) || a.Type != "video/mp4" {
		t.Errorf("sum %s, type %s", a.SHA256, a.Type)
	}

	text := h.tusCreate(len(noise))
	h.want(h.patch(text, 0, noise, "Upload-Checksum", sum(noise)), 415) // as it was meant
	h.want(h.tus("HEAD", text, nil), 410)
	if _, drafts := h.blobs(); drafts != 0 {
		t.Errorf("%d drafts are left", drafts)
	}
}

// patchTrailer sends the checksum after the bytes, in chunked encoding.
func (h *house) patchTrailer(url string, offset int, body []byte, checksum string) answer {
	h.t.Helper()
	req, err := http.NewRequest(http.MethodPatch, url, struct{ io.Reader }{bytes.NewReader(body)})
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Tus-Resumable", "1.0.0")
	req.Header.Set("Content-Type", "application/offset+octet-stream")
	req.Header.Set("Upload-Offset", strconv.Itoa(offset))
	req.Trailer = http.Header{"Upload-Checksum": {checksum}}
	res, err := h.http.Client().Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, string(b), url}
}
