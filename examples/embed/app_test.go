package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/streamgate/streamgate/internal/testclip"
)

// browser is one visitor with a cookie jar of their own.
type browser struct {
	*http.Client
	t    *testing.T
	base string
}

// serveApp runs the application and returns what makes visitors of it.
func serveApp(t *testing.T) (visit func() *browser) {
	t.Helper()
	slog.SetDefault(slog.New(slog.DiscardHandler)) // the access log
	a, err := newApp(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := a.gate.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(a.routes())
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := a.gate.Stop(ctx); err != nil {
			t.Error(err)
		}
		srv.Close()
	})
	return func() *browser {
		jar, err := cookiejar.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		return &browser{&http.Client{Jar: jar}, t, srv.URL}
	}
}

// send returns status and body.
func (b *browser) send(method, path, contentType string, body io.Reader) (int, string) {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.base+path, body)
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	res, err := b.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	all, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return res.StatusCode, string(all)
}

func (b *browser) get(path string) (int, string) {
	b.t.Helper()
	return b.send(http.MethodGet, path, "", nil)
}

func (b *browser) want(status int, path string) string {
	b.t.Helper()
	got, body := b.get(path)
	if got != status {
		b.t.Errorf("%s: status %d, want %d: %.200s", path, got, status, body)
	}
	return body
}

func (b *browser) login(name, password string) int {
	b.t.Helper()
	status, page := b.post("/login", url.Values{"name": {name}, "password": {password}})
	if refused := strings.Contains(page, `action="/login"`) && strings.Contains(page, "Try again"); refused != (status == http.StatusForbidden) {
		b.t.Errorf("status %d comes with %s", status, page)
	}
	return status
}

// post sends a form.
func (b *browser) post(path string, form url.Values) (int, string) {
	b.t.Helper()
	return b.send(http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
}

// upload sends the page's form and returns the asset's id.
func (b *browser) upload() string {
	b.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "holiday.mp4")
	if err != nil {
		b.t.Fatal(err)
	}
	_, _ = part.Write(testclip.MP4(b.t)) // a bytes.Buffer takes all
	_ = form.Close()
	status, answer := b.send(http.MethodPost, "/video/v1/uploads", form.FormDataContentType(), &body)
	if status != http.StatusCreated {
		b.t.Fatalf("status %d: %s", status, answer)
	}
	var created struct {
		AssetID string `json:"asset_id"`
	}
	if err := json.Unmarshal([]byte(answer), &created); err != nil {
		b.t.Fatal(err)
	}
	return created.AssetID
}

func TestAUserUploadsAndWatchesAndNobodyElseDoes(t *testing.T) {
	visit := serveApp(t)
	ada, grace, stranger := visit(), visit(), visit()
	if ada.login("ada", "wrong") != http.StatusForbidden {
		t.Error("a wrong password let her in")
	}
	if ada.login("ada", "ada") != http.StatusOK || grace.login("grace", "grace") != http.StatusOK {
		t.Fatal("nobody could sign in")
	}
	if page := ada.want(http.StatusOK, "/"); !strings.Contains(page, "Videos of ada") || !strings.Contains(page, "none yet") {
		t.Errorf("her page is %s", page)
	}
	id := ada.upload()
	master := "/video/play/" + id + "/master.m3u8"
	if page := ada.want(http.StatusOK, "/"); !strings.Contains(page, master) || !strings.Contains(page, "holiday") {
		t.Errorf("her page has no video: %s", page)
	}
	if list := ada.want(http.StatusOK, master); !strings.HasPrefix(list, "#EXTM3U") {
		t.Errorf("the playlist is %q", list)
	}

	for _, path := range []string{master, "/video/v1/assets/" + id} {
		grace.want(http.StatusNotFound, path)
		stranger.want(http.StatusUnauthorized, path)
	}
	if page := grace.want(http.StatusOK, "/"); strings.Contains(page, id) {
		t.Error("grace sees it on her page")
	}
	if page := stranger.want(http.StatusOK, "/"); !strings.Contains(page, "Sign in") {
		t.Errorf("a stranger sees %s", page)
	}
}

func TestAUserDeletesTheirOwnVideosAlone(t *testing.T) {
	visit := serveApp(t)
	ada, grace := visit(), visit()
	ada.login("ada", "ada")
	grace.login("grace", "grace")
	id := ada.upload()
	remove := "/videos/" + id + "/delete"
	if page := ada.want(http.StatusOK, "/"); !strings.Contains(page, `action="`+remove+`"`) {
		t.Fatalf("her page has no button for it: %s", page)
	}
	for _, b := range []*browser{grace, visit()} {
		if status, page := b.post(remove, nil); status != http.StatusOK || strings.Contains(page, id) {
			t.Errorf("status %d: %s", status, page)
		}
	}
	ada.want(http.StatusOK, "/video/v1/assets/"+id)
	for range 2 { // somebody clicks twice
		if status, page := ada.post(remove, nil); status != http.StatusOK || !strings.Contains(page, "none yet") {
			t.Errorf("status %d: %s", status, page)
		}
	}
	ada.want(http.StatusNotFound, "/video/v1/assets/"+id)
}

func TestOnlyTheAdminReachesTheAdminPlane(t *testing.T) {
	visit := serveApp(t)
	root, ada := visit(), visit()
	root.login("root", "root")
	ada.login("ada", "ada")
	if body := root.want(http.StatusOK, "/ops/ready"); !strings.Contains(body, "metadata") {
		t.Errorf("it says %s", body)
	}
	ada.want(http.StatusNotFound, "/ops/ready")
	visit().want(http.StatusNotFound, "/ops/health")
}

func TestSigningOutEndsIt(t *testing.T) {
	b := serveApp(t)()
	b.login("ada", "ada")
	b.want(http.StatusOK, "/video/v1/assets")
	if status, _ := b.send(http.MethodPost, "/logout", "", nil); status != http.StatusOK {
		t.Errorf("status %d", status)
	}
	b.want(http.StatusUnauthorized, "/video/v1/assets")
}

func TestAnotherSiteCannotUseTheSession(t *testing.T) {
	b := serveApp(t)()
	b.login("ada", "ada")
	for _, path := range []string{"/logout", "/videos/x/delete", "/video/v1/uploads", "/video/v1/assets"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.base+path, strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Sec-Fetch-Site", "cross-site")
		res, err := b.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusForbidden {
			t.Errorf("%s: status %d", path, res.StatusCode)
		}
	}
}
