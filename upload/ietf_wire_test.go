package upload_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/metadata"
)

// reading returns the answers on a connection, 1xx among them.
func reading(t *testing.T, conn net.Conn) func() *http.Response {
	t.Helper()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(conn)
	return func() *http.Response {
		t.Helper()
		res, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = res.Body.Close() })
		return res
	}
}

// names returns which fields an answer has.
func names(h http.Header) string {
	var b strings.Builder
	if err := h.WriteSubset(&b, map[string]bool{"Date": true}); err != nil {
		return err.Error()
	}
	return strings.Join(regexp.MustCompile(`(?m)^[^:]+`).FindAllString(strings.TrimSpace(b.String()), -1), " ")
}

// What URLSession sends on iOS 17 and macOS 14, as far as it is public: version 3
// of the protocol over HTTP/1.1, with the fields that every upload task has. Its
// first request is cut.
func TestURLSessionOfIOS17(t *testing.T) {
	h := newHouse(t, nil)
	file := film(100_000)
	const head = "Host: example.com\r\nAccept: */*\r\nUpload-Draft-Interop-Version: 3\r\nAccept-Language: en-US,en;q=0.9\r\n" +
		"Accept-Encoding: gzip, deflate\r\nUser-Agent: App/1 CFNetwork/1474 Darwin/23.0.0\r\nConnection: keep-alive\r\n"
	conn := h.raw("POST /v1/uploads HTTP/1.1\r\n"+head+"Content-Type: video/quicktime\r\nUpload-Incomplete: ?0\r\nContent-Length: 100000\r\n\r\n", file[:40_000])
	told := reading(t, conn)()
	if told.StatusCode != 104 || names(told.Header) != "Location Streamgate-Asset Upload-Draft-Interop-Version" ||
		told.Header.Get("Upload-Draft-Interop-Version") != "3" {
		t.Fatalf("announced %s %v", told.Status, told.Header)
	}
	path := "/v1/" + told.Header.Get("Location")
	_ = conn.Close()
	h.openUpload(40_000)

	conn = h.raw("HEAD "+path+" HTTP/1.1\r\n"+head+"\r\n", nil)
	next := reading(t, conn)
	offset := next()
	want := "Cache-Control Streamgate-Asset Upload-Draft-Interop-Version Upload-Incomplete Upload-Length Upload-Offset"
	if offset.StatusCode != 204 || names(offset.Header) != want || offset.Header.Get("Upload-Offset") != "40000" || offset.Header.Get("Upload-Incomplete") != "?1" {
		t.Fatalf("answered %s %v", offset.Status, offset.Header)
	}
	if _, err := fmt.Fprintf(conn, "PATCH %s HTTP/1.1\r\n%sUpload-Offset: 40000\r\nUpload-Incomplete: ?0\r\nContent-Length: 60000\r\n\r\n%s", path, head, file[40_000:]); err != nil {
		t.Fatal(err)
	}
	final := next()
	body, err := io.ReadAll(final.Body)
	if err != nil || final.StatusCode != 201 || final.Header.Get("Upload-Incomplete") != "?0" || final.Header.Get("Upload-Offset") != "100000" {
		t.Errorf("answered %s %v %s", final.Status, final.Header, body)
	}
	if u := h.upload(idOf(path)); u.SHA256 != sumOf(file) {
		t.Errorf("the upload is %s with %s", u.State, u.SHA256)
	}
}

func TestIETFTellsNothingBeforeTheAnswerOverHTTP10(t *testing.T) {
	h := newHouse(t, nil)
	conn := h.raw("POST /v1/uploads HTTP/1.0\r\nUpload-Draft-Interop-Version: 8\r\nUpload-Complete: ?1\r\nContent-Length: 1000\r\n\r\n", film(1000))
	if res := reading(t, conn)(); res.StatusCode != 201 || res.Header.Get("Upload-Complete") != "?1" {
		t.Errorf("answered %s %v", res.Status, res.Header)
	}
}

func TestIETFContinuesAClientThatWaits(t *testing.T) {
	h := newHouse(t, nil)
	conn := h.raw("POST /v1/uploads HTTP/1.1\r\nHost: x\r\nUpload-Draft-Interop-Version: 8\r\nUpload-Complete: ?1\r\nExpect: 100-continue\r\nContent-Length: 1000\r\n\r\n", nil)
	next := reading(t, conn)
	got := []int{next().StatusCode, next().StatusCode}
	if _, err := conn.Write(film(1000)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{104, 100, 201}, append(got, next().StatusCode)); diff != "" {
		t.Error(diff)
	}
}

// An offset that a 104 tells is one that a crash at that moment would leave.
func TestIETFProgressIsDurableWhenItIsTold(t *testing.T) {
	for _, version := range drafts {
		t.Run(fmt.Sprint("version ", version), func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, nil)
			h.up.InformEvery(time.Nanosecond)
			c := &ietfClient{h: h, version: version}
			url := h.want(c.create(nil, false), 201).location(t)
			file := film(600_000)
			conn := h.raw(fmt.Sprintf("PATCH /v1/uploads/%s HTTP/1.1\r\nHost: x\r\nUpload-Draft-Interop-Version: %d\r\nContent-Type: application/partial-upload\r\n"+
				"Upload-Offset: 0\r\nUpload-Complete: ?1\r\nUpload-Incomplete: ?0\r\nContent-Length: %d\r\n\r\n", idOf(url), version, len(file)), nil)
			next := reading(t, conn)
			for at := 0; at < len(file); at += 200_000 {
				if _, err := io.Copy(conn, bytes.NewReader(file[at:at+200_000])); err != nil {
					t.Fatal(err)
				}
				if version < 5 {
					continue // nothing is told there
				}
				told := next()
				if at+200_000 == len(file) && told.StatusCode == 201 {
					return
				}
				offset, err := strconv.ParseInt(told.Header.Get("Upload-Offset"), 10, 64)
				if told.StatusCode != 104 || err != nil || names(told.Header) != "Upload-Draft-Interop-Version Upload-Offset" {
					t.Fatalf("told %s %v", told.Status, told.Header)
				}
				if u := h.upload(idOf(url)); u.Offset < offset || u.State == metadata.UploadOpen && len(u.Hash) == 0 {
					t.Errorf("told %d where %d is written down", offset, u.Offset)
				}
			}
			final := next()
			for final.StatusCode == 104 {
				final = next()
			}
			if final.StatusCode != 201 || strings.Contains(names(final.Header), "Location") {
				t.Errorf("answered %s %v", final.Status, final.Header)
			}
		})
	}
}

// The commands of docs/http.md.
func TestCurlResumesByTheIETF(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		missing(t, "curl is not installed: see make test-deps")
	}
	h := newHouse(t, nil)
	file := film(100_000)
	curl := func(stdin []byte, args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "curl", append([]string{"-sS", "-i", "--max-time", "20"}, args...)...)
		cmd.Stdin = bytes.NewReader(stdin)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return string(out)
	}
	endpoint := h.http.URL + "/v1/uploads"
	whole := curl(file, "-T", "-", "-X", "POST", "-H", "Upload-Complete: ?1", "-H", "Upload-Draft-Interop-Version: 8", endpoint+"?filename=clip.mp4")
	if !strings.Contains(whole, " 104 ") || !strings.Contains(whole, " 201 Created") {
		t.Errorf("a whole file is answered %s", whole)
	}
	part := curl(file[:40_000], "-T", "-", "-X", "POST", "-H", "Upload-Complete: ?0", endpoint)
	url := h.http.URL + "/v1/" + strings.TrimSpace(after(part, "Location: "))
	offset := strings.TrimSpace(after(curl(nil, "-I", url), "Upload-Offset: "))
	if offset != "40000" {
		t.Fatalf("ends at %q", offset)
	}
	rest := curl(file[40_000:], "-T", "-", "-X", "PATCH", "-H", "Content-Type: application/partial-upload",
		"-H", "Upload-Offset: "+offset, "-H", "Upload-Complete: ?1", url)
	if !strings.Contains(rest, " 201 Created") || !strings.Contains(rest, sumOf(file)) {
		t.Errorf("the rest is answered %s", rest)
	}
}
