package upload_test

import (
	"strings"
	"testing"

	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/upload"
)

func TestCompleteEndsAnUploadOfUnknownLength(t *testing.T) {
	h := newHouse(t, nil)
	file := film(10_000)
	url := h.want(h.tus("POST", "", nil, "Upload-Defer-Length", "1"), 201).location(t)
	complete := func(body string) answer { return h.do("POST", url+"/complete", strings.NewReader(body)) }
	sum := func(s string) string { return `{"sha256":"` + s + `"}` }

	h.want(complete(""), 400) // nothing is there yet
	h.want(h.patch(url, 0, file), 204)
	for _, bad := range []string{"{", `{"sha":1}`, sum("ab"), sum(strings.Repeat("x", 64)), strings.Repeat(" ", 5000)} {
		h.want(complete(bad), 400)
	}
	wrong := h.want(complete(sum(strings.Repeat("00", 32))), 409)
	if !strings.Contains(wrong.body, sumOf(file)) || !strings.Contains(wrong.body, "checksum-mismatch") {
		t.Errorf("says %s", wrong.body)
	}
	if u := h.upload(idOf(url)); u.State != metadata.UploadOpen || u.Offset != 10_000 {
		t.Fatalf("a wrong checksum made of the upload %+v", u)
	}
	got := h.want(complete(sum(strings.ToUpper(sumOf(file)))), 200).json(t)
	if got["sha256"] != sumOf(file) || got["upload_id"] != idOf(url) {
		t.Errorf("answered %v", got)
	}
	h.want(complete(""), 200) // repeated
	h.want(complete(sum(sumOf(file))), 200)
	h.want(complete(sum(strings.Repeat("00", 32))), 409)
	if a := h.asset(got["asset_id"].(string)); a.State != metadata.Processing || a.Size != 10_000 {
		t.Errorf("asset is %s of %d bytes", a.State, a.Size)
	}
}

func TestCompleteBeforeAllBytesCame(t *testing.T) {
	h := newHouse(t, nil)
	url := h.tusCreate(1000)
	h.want(h.patch(url, 0, film(1000)[:999]), 204)
	h.want(h.do("POST", url+"/complete", nil), 409)
	h.want(h.patch(url, 999, film(1000)[999:]), 204)
	h.want(h.do("POST", url+"/complete", nil), 200)
}

func TestWithoutHashingNothingPretendsToHaveOne(t *testing.T) {
	h := newHouse(t, &upload.Options{NoHash: true})
	url := h.want(h.tus("POST", "", nil, "Upload-Defer-Length", "1"), 201).location(t)
	h.want(h.patch(url, 0, film(1000)[:100]), 204) // too little for the type: the head is kept all the same
	h.want(h.patch(url, 100, film(1000)[100:]), 204)
	h.want(h.do("POST", url+"/complete", strings.NewReader(`{"sha256":"`+sumOf(film(1000))+`"}`)), 422)
	got := h.want(h.do("POST", url+"/complete", nil), 200).json(t)
	if a := h.asset(got["asset_id"].(string)); a.SHA256 != "" || a.Type != "video/mp4" {
		t.Errorf("sum %q, type %q", a.SHA256, a.Type)
	}
}

func TestStatusInJSON(t *testing.T) {
	h := newHouse(t, nil)
	url := h.tusCreate(1000, "Upload-Metadata", "filename "+b64("a.mp4"))
	h.want(h.patch(url, 0, film(1000)[:500]), 204)
	got := h.want(h.do("GET", url, nil), 200).json(t)
	for name, want := range map[string]any{
		"upload_id": idOf(url), "state": "open", "offset": 500.0, "size": 1000.0, "filename": "a.mp4",
		"type": "video/mp4", "protocol": "tus", "asset_id": h.upload(idOf(url)).Asset,
	} {
		if got[name] != want {
			t.Errorf("%s is %v, want %v", name, got[name], want)
		}
	}
	deferred := h.want(h.tus("POST", "", nil, "Upload-Defer-Length", "1"), 201).location(t)
	if got := h.want(h.do("GET", deferred, nil), 200).json(t); got["size"] != nil {
		t.Errorf("the size of an upload of unknown length is %v", got["size"])
	}
}
