package upload_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/upload"
)

// eachDraft runs a test for every version that clients name, and for none.
func eachDraft(t *testing.T, o *upload.Options, test func(t *testing.T, c *ietfClient)) {
	t.Helper()
	for _, version := range append([]int{0}, drafts...) {
		t.Run("version "+strconv.Itoa(version), func(t *testing.T) {
			t.Parallel()
			test(t, &ietfClient{h: newHouse(t, o), version: version})
		})
	}
}

func TestIETFCreationOfAWholeFile(t *testing.T) {
	file := film(50_000)
	eachDraft(t, &upload.Options{MaxSize: 1 << 20}, func(t *testing.T, c *ietfClient) {
		a := c.h.want(c.create(file, true, "Content-Type", "video/mp4",
			"Content-Disposition", `inline; filename="clip.mp4"`), 201)
		if a.json(t)["sha256"] != sumOf(file) || c.completes(a.header) != "?1" {
			t.Errorf("answered %v %s", a.header, a.body)
		}
		u := c.h.upload(idOf(a.location(t)))
		if u.Protocol != "ietf" || u.Filename != "clip.mp4" || u.Metadata["content-type"] != "video/mp4" || u.State != metadata.UploadComplete {
			t.Errorf("the upload is %+v", u)
		}
		url, _ := c.heard(0)
		switch {
		case c.version == 0 && len(c.informed) > 0:
			t.Errorf("a client that names no version got %v", c.informed)
		case c.version == 0:
		case len(c.informed) != 1 || url != a.location(t):
			t.Errorf("announced %v, then %s", c.informed, a.location(t))
		}
	})
}

// The drafts forbid 104 for another version than the server's, which may mean
// something else by it.
func TestIETFNothingIsToldToAVersionThatNobodyKnows(t *testing.T) {
	for _, version := range []string{"-3", "0", "2", "9", "99", "3.0", `"8"`, "8, 8", "?1"} {
		c := &ietfClient{h: newHouse(t, nil)}
		a := c.h.want(c.create(film(1000), true, "Upload-Draft-Interop-Version", version), 201)
		if len(c.informed) > 0 || a.header.Get("Upload-Complete") != "?1" || a.header.Get("Upload-Draft-Interop-Version") != "" {
			t.Errorf("version %s: told %v, answered %v", version, c.informed, a.header)
		}
	}
}

func TestIETFLimitsAreThoseOfTheDraft(t *testing.T) {
	for version, want := range map[int]string{3: "", 4: "", 5: "", 6: "max-size=5000, expires=59", 7: "max-size=5000, max-age=59", 8: "max-size=5000, max-age=59"} {
		h := newHouse(t, &upload.Options{MaxSize: 5000, Expiry: time.Minute})
		c := &ietfClient{h: h, version: version}
		a := h.want(c.create(nil, false), 201)
		limits := []string{a.header.Get("Upload-Limit"), c.informed[0].Get("Upload-Limit"), c.head(a.location(t)).header.Get("Upload-Limit")}
		if diff := cmp.Diff([]string{want, want, want}, limits); diff != "" {
			t.Errorf("version %d: %s", version, diff)
		}
	}
	for size, want := range map[int64]string{5000: "max-size=5000", -1: "min-size=0"} {
		h := newHouse(t, &upload.Options{MaxSize: size})
		a := h.want(h.do("OPTIONS", "", nil), 204)
		got := []string{a.header.Get("Upload-Limit"), a.header.Get("Accept-Patch")}
		if diff := cmp.Diff([]string{want, "application/partial-upload, application/offset+octet-stream"}, got); diff != "" {
			t.Error(diff)
		}
	}
}

func TestIETFUploadInParts(t *testing.T) {
	file := film(100_000)
	eachDraft(t, nil, func(t *testing.T, c *ietfClient) {
		a := c.h.want(c.create(nil, false, "Upload-Length", "100000"), 201) // carefully
		url := a.location(t)
		if c.completes(a.header) != "?0" || a.header.Get("Upload-Offset") != "0" {
			t.Errorf("answered %v", a.header)
		}
		appended := 204
		if c.version != 0 && c.version <= 6 {
			appended = 201
		}
		for at := 0; at < len(file); at += 25_000 {
			a := c.h.want(c.append(url, at, file[at:at+25_000], false), appended)
			if a.header.Get("Upload-Offset") != strconv.Itoa(at+25_000) || c.completes(a.header) != "?0" || a.header.Get("Location") != "" {
				t.Fatalf("answered %v", a.header)
			}
		}
		head := c.h.want(c.head(url), 204)
		got := []string{
			head.header.Get("Upload-Offset"), head.header.Get("Upload-Length"), c.completes(head.header),
			head.header.Get("Cache-Control"), head.header.Get("Tus-Resumable"),
		}
		if diff := cmp.Diff([]string{"100000", "100000", "?0", "no-store", ""}, got); diff != "" {
			t.Errorf("all bytes are there, and HEAD says: %s", diff)
		}
		if u := c.h.upload(idOf(url)); u.State != metadata.UploadOpen {
			t.Fatalf("the upload is %s before its client said that it ends", u.State)
		}
		for range 2 { // the second is of a client that did not hear the first
			a := c.h.want(c.append(url, 100_000, nil, true), 201)
			if a.json(t)["sha256"] != sumOf(file) || c.completes(a.header) != "?1" {
				t.Errorf("answered %v %s", a.header, a.body)
			}
		}
		if head := c.h.want(c.head(url), 204); c.completes(head.header) != "?1" {
			t.Errorf("HEAD says %v", head.header)
		}
	})
}

func TestIETFLengthMayBeUnknownToTheEnd(t *testing.T) {
	file := film(100_000)
	eachDraft(t, nil, func(t *testing.T, c *ietfClient) {
		a := c.h.want(c.chunked("POST", c.h.http.URL+"/v1/uploads", -1, file[:30_000], false), 201)
		url := a.location(t)
		if head := c.head(url); head.header.Get("Upload-Length") != "" || head.header.Get("Upload-Offset") != "30000" {
			t.Errorf("HEAD says %v", head.header)
		}
		c.h.want(c.chunked("PATCH", url, 30_000, file[30_000:], true), 201)
		if u := c.h.upload(idOf(url)); u.State != metadata.UploadComplete || u.SHA256 != sumOf(file) {
			t.Errorf("the upload is %s with %s", u.State, u.SHA256)
		}
	})
}

func TestIETFRefusals(t *testing.T) {
	file := film(1000)
	const inconsistent = "https://iana.org/assignments/http-problem-types#inconsistent-upload-length"
	tests := map[string]struct {
		do       func(c *ietfClient, url string) answer // url is of 400 of 1000 bytes
		status   int
		typ      string
		complete string
	}{
		"lengths that do not agree in a creation": {func(c *ietfClient, _ string) answer {
			return c.create(file, true, "Upload-Length", "999")
		}, 400, inconsistent, "?0"},
		"lengths that do not agree in an append": {func(c *ietfClient, url string) answer {
			return c.append(url, 400, file[400:], true, "Upload-Length", "999")
		}, 400, inconsistent, "?0"},
		"another length than before": {func(c *ietfClient, url string) answer {
			return c.append(url, 400, file[400:500], false, "Upload-Length", "999")
		}, 400, inconsistent, "?0"},
		"an end before the length": {func(c *ietfClient, url string) answer {
			return c.append(url, 400, file[400:500], true)
		}, 400, inconsistent, "?0"},
		"a body beyond the length": {func(c *ietfClient, url string) answer {
			return c.append(url, 400, film(601), false)
		}, 400, inconsistent, "?0"},
		"an end in chunks before the length": {func(c *ietfClient, url string) answer {
			return c.chunked("PATCH", url, 400, file[400:500], true)
		}, 409, "urn:streamgate:problem:upload-incomplete", "?0"},
		"an append without an offset": {func(c *ietfClient, url string) answer {
			return c.append(url, 400, file[400:], true, "Upload-Offset", "-400")
		}, 400, "urn:streamgate:problem:bad-request", "?0"},
		"a length beyond the limit": {func(c *ietfClient, _ string) answer {
			return c.create(nil, false, "Upload-Length", "2000001")
		}, 413, "urn:streamgate:problem:too-large", "?1"},
		"a body beyond the limit": {func(c *ietfClient, _ string) answer {
			return c.create(film(2_000_001), true)
		}, 413, "urn:streamgate:problem:too-large", "?1"},
		"nothing": {func(c *ietfClient, _ string) answer {
			return c.create(nil, true)
		}, 400, "urn:streamgate:problem:upload-empty", "?1"},
		"an append to nothing": {func(c *ietfClient, _ string) answer {
			return c.append(c.h.http.URL+"/v1/uploads/"+metadata.NewID(), 0, file, true)
		}, 404, "urn:streamgate:problem:not-found", "?0"},
		"an append to another's upload": {func(c *ietfClient, url string) answer {
			return c.append(url, 400, file[400:], true, "X-User", "bob")
		}, 404, "urn:streamgate:problem:not-found", "?0"},
	}
	eachDraft(t, &upload.Options{MaxSize: 2_000_000}, func(t *testing.T, c *ietfClient) {
		for name, tc := range tests {
			url := c.h.want(c.create(file[:400], false, "Upload-Length", "1000"), 201).location(t)
			a := tc.do(c, url)
			if got := a.json(t)["type"]; a.status != tc.status || got != tc.typ || c.completes(a.header) != tc.complete {
				t.Errorf("%s: answered %d %v %v, want %d %s", name, a.status, got, a.header, tc.status, tc.typ)
			}
			if tc.status == 413 && c.version >= 6 && !strings.HasPrefix(a.header.Get("Upload-Limit"), "max-size=2000000") {
				t.Errorf("%s: the limits are %q", name, a.header.Get("Upload-Limit"))
			}
			at, err := strconv.Atoi(c.head(url).header.Get("Upload-Offset"))
			if err != nil || at < 400 {
				t.Errorf("%s: ends at %d after it", name, at)
			}
			c.h.want(c.append(url, at, file[at:], true), 201) // nothing was lost by it
		}
	})
}

func TestIETFAppendElsewhere(t *testing.T) {
	file := film(1000)
	eachDraft(t, nil, func(t *testing.T, c *ietfClient) {
		url := c.h.want(c.create(file[:400], false), 201).location(t)
		a := c.h.want(c.append(url, 500, file[500:], true), 409)
		p := a.json(t)
		got := []any{p["type"], p["expected-offset"], p["provided-offset"], a.header.Get("Upload-Offset"), c.completes(a.header)}
		want := []any{"https://iana.org/assignments/http-problem-types#mismatching-upload-offset", 400.0, 500.0, "400", "?0"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		c.h.want(c.append(url, 400, file[400:], true), 201)
		again := c.append(url, 400, file[400:], true) // complete by now
		status := 409
		if c.version == 6 || c.version == 7 {
			status = 400
		}
		c.h.want(again, status)
		if c.completes(again.header) != "?0" || again.header.Get("Upload-Offset") != "1000" {
			t.Errorf("answered %v", again.header)
		}
	})
}

func TestIETFAppendNeedsItsType(t *testing.T) {
	eachDraft(t, nil, func(t *testing.T, c *ietfClient) {
		url := c.h.want(c.create(nil, false), 201).location(t)
		a := c.append(url, 0, film(1000), true, "Content-Type", "video/mp4")
		if c.version != 0 && c.version < 6 {
			c.h.want(a, 201)
			return
		}
		c.h.want(a, 415)
		if a.header.Get("Accept-Patch") != "application/partial-upload" || c.completes(a.header) != "?0" {
			t.Errorf("answered %v", a.header)
		}
		c.h.want(c.append(url, 0, film(1000), true), 201)
	})
}

// Nothing gets round the limit, however it is sent.
func TestIETFNothingIsLargerThanTheLimit(t *testing.T) {
	big := film(200_001)
	eachDraft(t, &upload.Options{MaxSize: 200_000}, func(t *testing.T, c *ietfClient) {
		endpoint := c.h.http.URL + "/v1/uploads"
		for name, do := range map[string]func(url string) answer{
			"a creation in chunks":                func(string) answer { return c.chunked("POST", endpoint, -1, big, true) },
			"a part of a creation in chunks":      func(string) answer { return c.chunked("POST", endpoint, -1, big, false) },
			"an append in chunks":                 func(url string) answer { return c.chunked("PATCH", url, 0, big, true) },
			"a part of an append in chunks":       func(url string) answer { return c.chunked("PATCH", url, 0, big, false) },
			"an append that announces its length": func(url string) answer { return c.append(url, 0, big, true) },
			"a part that announces its length":    func(url string) answer { return c.append(url, 0, big, false) },
			"a length that comes late":            func(url string) answer { return c.append(url, 0, big[:10], false, "Upload-Length", "200001") },
		} {
			url := c.h.want(c.create(nil, false), 201).location(t)
			a := do(url)
			over := "?1"
			if strings.Contains(name, "announces") || strings.Contains(name, "late") {
				over = "?0" // nothing of it was taken
			}
			if a.status != 413 || c.completes(a.header) != over {
				t.Errorf("%s: answered %d %v", name, a.status, a.header)
			}
		}
		url := c.h.want(c.create(big[:150_000], false), 201).location(t)
		c.h.want(c.chunked("PATCH", url, 150_000, big[150_000:], true), 413)
		c.h.want(c.head(url), 410)
	})
}

func TestIETFBodyBeyondTheLengthInChunks(t *testing.T) {
	file := film(1000)
	eachDraft(t, nil, func(t *testing.T, c *ietfClient) {
		url := c.h.want(c.create(file[:400], false, "Upload-Length", "1000"), 201).location(t)
		a := c.h.want(c.chunked("PATCH", url, 400, film(601), false), 413)
		if c.version == 0 || c.version == 8 { // it is spoilt
			c.h.want(c.head(url), 410)
			return
		}
		if c.completes(a.header) != "?0" || a.header.Get("Upload-Offset") != "400" {
			t.Errorf("answered %v", a.header)
		}
		c.h.want(c.append(url, 400, file[400:], true), 201)
	})
}

func TestIETFWrongTypeIsRefusedWhenItShows(t *testing.T) {
	text := []byte(strings.Repeat("no film at all. ", 1<<16))
	eachDraft(t, nil, func(t *testing.T, c *ietfClient) {
		c.h.t = t
		a := c.h.want(c.chunked("POST", c.h.http.URL+"/v1/uploads", -1, text[:8192], false), 415)
		if c.completes(a.header) != "?1" || a.header.Get("Upload-Offset") != "" {
			t.Errorf("answered %v", a.header)
		}
		c.h.want(c.head(a.location(t)), 410)
		if blobs, drafts := c.h.blobs(); blobs+drafts != 0 {
			t.Errorf("%d blobs and %d drafts are left", blobs, drafts)
		}
	})
}

func TestIETFCancellation(t *testing.T) {
	eachDraft(t, nil, func(t *testing.T, c *ietfClient) {
		url := c.h.want(c.create(film(1000), false), 201).location(t)
		fields := http.Header{}
		if c.version != 0 {
			fields.Set("Upload-Draft-Interop-Version", strconv.Itoa(c.version))
		}
		c.h.want(c.do("DELETE", url, nil, fields, "X-User", "bob"), 404)
		if c.version != 0 && c.version <= 6 {
			c.h.want(c.do("DELETE", url, nil, fields, "Upload-Offset", "1000"), 400)
			c.h.want(c.do("HEAD", url, nil, fields, "Upload-Offset", "1000"), 400)
		}
		c.h.want(c.do("DELETE", url, nil, fields), 204)
		c.h.want(c.head(url), 410)
		c.h.want(c.append(url, 1000, film(10), true), 410)
	})
}

func TestIETFUploadsExpire(t *testing.T) {
	h := newHouse(t, nil)
	c := &ietfClient{h: h, version: 8}
	url := h.want(c.create(film(1000), false), 201).location(t)
	h.age(url)
	h.want(c.head(url), 410)
	h.want(c.append(url, 1000, film(10), true), 410)
}

// writeIETF is an append whose body the test feeds bit by bit.
func (c *ietfClient) write(url string, offset int) *writer {
	r, body := io.Pipe()
	w := &writer{h: c.h, body: body, answer: make(chan answer, 1)}
	other := &ietfClient{h: c.h, version: c.version}
	go func() {
		a, err := other.send(c.h.t.Context(), "PATCH", url, r, -1, c.fields(offset, true))
		if err != nil {
			a.body = err.Error()
		}
		w.answer <- a
	}()
	return w
}

func TestIETFHeadEndsAWriterThatItsClientHasGivenUp(t *testing.T) {
	file := film(100_000)
	eachDraft(t, nil, func(t *testing.T, c *ietfClient) {
		url := c.h.want(c.create(nil, false), 201).location(t)
		first := c.write(url, 0)
		first.send(file[:50_000])
		c.h.begun(url)
		head := c.h.want(c.head(url), 204)
		offset, err := strconv.Atoi(head.header.Get("Upload-Offset"))
		if err != nil || offset > 50_000 || c.h.up.Held(idOf(url)) {
			t.Fatalf("HEAD says %v beside a writer", head.header)
		}
		if a := first.wait(); a.status != 423 {
			t.Errorf("the writer was answered %d %s", a.status, a.body)
		}
		_ = first.body.Close()
		c.h.want(c.append(url, offset, file[offset:], true), 201)
		if u := c.h.upload(idOf(url)); u.SHA256 != sumOf(file) {
			t.Error("the stored bytes are others")
		}
	})
}

// A client that lost its connection while its file was looked at asks again, and
// gives up after a 4xx.
func TestIETFClientIsToldToWaitForACompletion(t *testing.T) {
	t.Parallel()
	release, looked := make(chan struct{}), make(chan struct{})
	h := newHouse(t, &upload.Options{OnComplete: func(ctx context.Context, c *upload.Completed) error {
		close(looked)
		<-release
		return takeAsItIs(ctx, c)
	}})
	c := &ietfClient{h: h, version: 8}
	file := film(1000)
	url := h.want(c.create(nil, false), 201).location(t)
	first := c.write(url, 0)
	first.send(file)
	_ = first.body.Close()
	<-looked
	for _, a := range []answer{c.head(url), c.append(url, 1000, nil, true)} {
		if h.want(a, 503); a.header.Get("Retry-After") == "" {
			t.Errorf("answered %v", a.header)
		}
	}
	close(release)
	h.want(first.wait(), 201)
	if head := h.want(c.head(url), 204); head.header.Get("Upload-Complete") != "?1" {
		t.Errorf("HEAD says %v", head.header)
	}
	if a := h.want(c.append(url, 1000, nil, true), 201); a.json(t)["sha256"] != sumOf(file) {
		t.Errorf("the answer is repeated as %s", a.body)
	}
}

func TestIETFReadersEndNobody(t *testing.T) {
	h := newHouse(t, nil)
	c := &ietfClient{h: h, version: 8}
	url := h.want(c.create(nil, false), 201).location(t)
	first := c.write(url, 0)
	first.send(film(50_000))
	h.begun(url)
	page := h.want(h.do("GET", url, nil), 200) // of a page that shows progress
	if page.header.Get("Upload-Offset") != "" {
		t.Errorf("an offset of %s that the next append would not find", page.header.Get("Upload-Offset"))
	}
	h.want(h.do("HEAD", url, nil, "Tus-Resumable", "1.0.0"), 200)
	h.want(h.do("HEAD", url, nil, "X-User", "bob", "Upload-Draft-Interop-Version", "8"), 404)
	if !h.up.Held(idOf(url)) {
		t.Fatal("the writer was ended")
	}
	got := h.want(h.do("GET", url, nil, "Upload-Draft-Interop-Version", "8"), 200)
	if h.up.Held(idOf(url)) || got.header.Get("Upload-Offset") == "" || got.header.Get("Upload-Complete") != "?0" {
		t.Errorf("GET of a client says %v", got.header)
	}
	first.wait()
	_ = first.body.Close()
	if page := h.do("GET", url, nil); page.header.Get("Upload-Offset") != got.header.Get("Upload-Offset") {
		t.Errorf("GET says %v", page.header)
	}
}

func TestIETFWhoMayOnlyReadEndsNobody(t *testing.T) {
	mayRead := func(ctx context.Context, p auth.Principal, a auth.Action, o auth.Object) error {
		if a == auth.Read {
			return nil
		}
		return auth.OwnerOnly().Authorize(ctx, p, a, o)
	}
	h := newHouse(t, &upload.Options{Authorizer: auth.AuthorizerFunc(mayRead)})
	c := &ietfClient{h: h, version: 8}
	url := h.want(c.create(film(1000), false), 201).location(t)
	first := c.write(url, 1000)
	first.send(film(50_000))
	h.begun(url)
	for _, method := range []string{"HEAD", "GET"} {
		a := h.do(method, url, nil, "X-User", "bob", "Upload-Draft-Interop-Version", "8")
		if at, err := strconv.Atoi(a.header.Get("Upload-Offset")); a.status >= 300 || err != nil || at < 1000 || !h.up.Held(idOf(url)) {
			t.Errorf("%s answered %d %v", method, a.status, a.header)
		}
	}
	_ = first.body.Close()
	h.want(first.wait(), 201)
}

func TestIETFIsToldApartFromTheOthers(t *testing.T) {
	file := film(1000)
	h := newHouse(t, nil)
	protocol := func(a answer) string { h.t.Helper(); return h.upload(idOf(h.want(a, 201).location(t))).Protocol }
	post := func(headers ...string) answer { return h.do("POST", "", bytes.NewReader(file), headers...) }
	for name, got := range map[string][2]string{
		"a version alone":              {protocol(post("Upload-Draft-Interop-Version", "8")), "body"},
		"a value that is no boolean":   {protocol(post("Upload-Complete", "true")), "body"},
		"a list":                       {protocol(post("Upload-Complete", "?1, ?1")), "body"},
		"the field of another version": {protocol(post("Upload-Draft-Interop-Version", "6", "Upload-Incomplete", "?0")), "body"},
		"a version that nobody knows":  {protocol(post("Upload-Draft-Interop-Version", "99", "Upload-Complete", "?1")), "ietf"},
		"parameters":                   {protocol(post("Upload-Draft-Interop-Version", "8;a", "Upload-Complete", "?1;b=2")), "ietf"},
		"tus":                          {protocol(post("Tus-Resumable", "1.0.0", "Upload-Length", "10", "Upload-Complete", "?1")), "tus"},
	} {
		if got[0] != got[1] {
			t.Errorf("%s: %s, want %s", name, got[0], got[1])
		}
	}
	// iOS adds the fields to whatever an upload task sends.
	form := "--b\r\nContent-Disposition: form-data; name=file; filename=a.mp4\r\n\r\n" + string(file) + "\r\n--b--\r\n"
	a := h.do("POST", "", strings.NewReader(form), "Content-Type", "multipart/form-data; boundary=b",
		"Upload-Complete", "?1", "Upload-Draft-Interop-Version", "6")
	if got := protocol(a); got != "form" {
		t.Errorf("a form of an upload task is taken as %s", got)
	}
}

func TestIETFAndTusResumeEachOther(t *testing.T) {
	file := film(1000)
	h := newHouse(t, nil)
	c := &ietfClient{h: h, version: 6}
	url := h.tusCreate(len(file))
	h.want(h.patch(url, 0, file[:400]), 204)
	if head := h.want(c.head(url), 204); head.header.Get("Upload-Offset") != "400" {
		t.Errorf("HEAD says %v", head.header)
	}
	h.want(c.append(url, 400, file[400:], true), 201)

	url = h.want(c.create(file[:400], false, "Upload-Length", "1000", "Content-Type", "video/mp4"), 201).location(t)
	head := h.want(h.tus("HEAD", url, nil), 200)
	if head.header.Get("Upload-Offset") != "400" || head.header.Get("Tus-Resumable") != "1.0.0" {
		t.Errorf("HEAD says %v", head.header)
	}
	h.want(h.patch(url, 400, file[400:]), 204)
	if u := h.upload(idOf(url)); u.SHA256 != sumOf(file) {
		t.Errorf("the upload is %s with %s", u.State, u.SHA256)
	}
}
