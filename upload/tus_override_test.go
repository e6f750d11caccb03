package upload_test

import (
	"bytes"
	"testing"

	"github.com/streamgate/streamgate/metadata"
)

func TestAPostMayNameAnotherMethod(t *testing.T) {
	h := newHouse(t, nil)
	file := film(1000)
	named := func(method, url string, body []byte, headers ...string) answer {
		t.Helper()
		all := append([]string{"X-HTTP-Method-Override", method, "Content-Type", "application/offset+octet-stream"}, headers...)
		return h.tus("POST", url, body, all...)
	}
	url := h.tusCreate(len(file))
	if a := h.want(named("PATCH", url, file[:400], "Upload-Offset", "0"), 204); a.header.Get("Upload-Offset") != "400" {
		t.Errorf("PATCH answers %v", a.header)
	}
	if a := h.want(named("HEAD", url, nil), 200); a.header.Get("Upload-Offset") != "400" || a.body != "" {
		t.Errorf("HEAD answers %v %q", a.header, a.body)
	}
	h.want(named("PATCH", url, file[400:], "Upload-Offset", "400"), 204)
	if a := h.asset(h.upload(idOf(url)).Asset); a.SHA256 != sumOf(file) {
		t.Error("the stored bytes are others")
	}
	url = h.tusCreate(len(file))
	h.want(named("DELETE", url, nil), 204)
	h.want(named("HEAD", url, nil), 410)
}

func TestMethodsThatAreNamedInVain(t *testing.T) {
	h := newHouse(t, nil)
	url := h.tusCreate(1000)
	evil := []string{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}
	tests := map[string]struct {
		method, url string
		headers     []string
		status      int
	}{
		"one that is not of tus":       {"POST", url, []string{"Tus-Resumable", "1.0.0", "X-HTTP-Method-Override", "PUT"}, 400},
		"one that a POST is no way to": {"POST", url, []string{"Tus-Resumable", "1.0.0", "X-HTTP-Method-Override", "GET"}, 400},
		"in small letters":             {"POST", url, []string{"Tus-Resumable", "1.0.0", "X-HTTP-Method-Override", "delete"}, 400},
		"without tus":                  {"POST", url, []string{"X-HTTP-Method-Override", "DELETE"}, 405},
		"of another version":           {"POST", url, []string{"Tus-Resumable", "0.2", "X-HTTP-Method-Override", "DELETE"}, 412},
		"by a PUT":                     {"PUT", url, []string{"Tus-Resumable", "1.0.0", "X-HTTP-Method-Override", "DELETE"}, 405},
		"by a GET":                     {"GET", url, []string{"Tus-Resumable", "1.0.0", "X-HTTP-Method-Override", "DELETE"}, 200},
		"a path below":                 {"POST", url + "/complete", []string{"Tus-Resumable", "1.0.0", "X-HTTP-Method-Override", "DELETE"}, 400},
		"by a page of another origin":  {"POST", url, append(evil, "Tus-Resumable", "1.0.0", "X-HTTP-Method-Override", "DELETE"), 403},
		"a safe one, by such a page":   {"POST", url, append(evil, "Tus-Resumable", "1.0.0", "X-HTTP-Method-Override", "HEAD"), 403},
		"of another's upload":          {"POST", url, []string{"Tus-Resumable", "1.0.0", "X-HTTP-Method-Override", "DELETE", "X-User", "mallory"}, 404},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			h.t = t
			h.want(h.do(tc.method, tc.url, bytes.NewReader(nil), tc.headers...), tc.status)
		})
	}
	h.t = t
	if u := h.upload(idOf(url)); u.State != metadata.UploadOpen {
		t.Errorf("the upload is %s", u.State)
	}
}
