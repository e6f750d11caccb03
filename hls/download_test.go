package hls

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/media"
)

func TestFilesAreNotGivenOutUnlessTheyMay(t *testing.T) {
	l := newLibrary(t, shortClip, nil)
	dir := folder(t, "clip.mp4")
	at := base(t, Dir(dir), "/clip.mp4", "v1")
	for path, h := range map[string]http.Handler{
		"/film/download": by(ann, l), "/film/" + l.asset.Revision + "/source": by(ann, l),
		"/clip.mp4/download": Dir(dir), strings.TrimSuffix(at, "v1/") + "source": Dir(dir),
	} {
		got := ask(h, "GET", path)
		if text := string(content(t, got)); got.StatusCode != http.StatusNotFound || !strings.Contains(text, "nothing is here") {
			t.Errorf("%s: %s: %s", path, got.Status, text)
		}
	}
}

func TestFilesAsTheyCame(t *testing.T) {
	l := newLibrary(t, shortClip, &Options{Downloads: true})
	l.asset.Filename = "Ein Löwe \"live\".MP4"
	l.meta.put(l.asset)
	source, h := l.files.blobs["film/source"], by(ann, l)
	found := ask(h, "GET", "/film/download")
	if want := l.asset.Revision + "/source"; found.StatusCode != http.StatusTemporaryRedirect || found.Header.Get("Location") != want ||
		found.Header.Get("Cache-Control") != "private, no-cache" {
		t.Fatalf("%s %v, want %s", found.Status, found.Header, want)
	}
	at := "/film/" + found.Header.Get("Location")
	got := ask(h, "GET", at)
	if !bytes.Equal(content(t, got), source) || got.ContentLength != int64(len(source)) {
		t.Errorf("another file: %s", got.Status)
	}
	for name, want := range map[string]string{
		"Content-Type": "video/mp4", "X-Content-Type-Options": "nosniff", "Accept-Ranges": "bytes", "Cache-Control": "private, max-age=31536000, immutable",
		"Content-Disposition": `attachment; filename="Ein L_we _live_.MP4"; filename*=UTF-8''Ein%20L%C3%B6we%20%22live%22.MP4`,
	} {
		if got.Header.Get(name) != want {
			t.Errorf("%s: %s, want %s", name, got.Header.Get(name), want)
		}
	}
	etag := got.Header.Get("ETag")
	part := ask(h, "GET", at, "Range", "bytes=1000-1999", "If-Range", etag)
	if part.StatusCode != http.StatusPartialContent || !bytes.Equal(content(t, part), source[1000:2000]) ||
		part.Header.Get("Content-Range") != fmt.Sprintf("bytes 1000-1999/%d", len(source)) || part.Header.Get("Content-Disposition") == "" {
		t.Errorf("a part: %s %v", part.Status, part.Header)
	}
	if other := ask(h, "GET", at, "Range", "bytes=1000-1999", "If-Range", `"x"`); other.StatusCode != http.StatusOK {
		t.Errorf("a part of another file: %s", other.Status)
	}
	if beyond := ask(h, "GET", at, "Range", fmt.Sprintf("bytes=%d-", len(source))); beyond.StatusCode != http.StatusRequestedRangeNotSatisfiable || beyond.Header.Get("Content-Disposition") != "" {
		t.Errorf("beyond the end: %s %v", beyond.Status, beyond.Header)
	}
	if again := ask(h, "GET", at, "If-None-Match", etag); again.StatusCode != http.StatusNotModified {
		t.Errorf("again: %s", again.Status)
	}
	if head := ask(h, "HEAD", at); head.ContentLength != int64(len(source)) || len(content(t, head)) != 0 || head.Header.Get("Content-Type") != "video/mp4" {
		t.Errorf("HEAD: %s %v", head.Status, head.Header)
	}
	for who, want := range map[string]int{"bob": http.StatusNotFound, "": http.StatusUnauthorized} {
		for _, path := range []string{at, "/film/download"} {
			if got := ask(by(auth.Principal{ID: who}, l), "GET", path); got.StatusCode != want {
				t.Errorf("%q asks for %s: %s", who, path, got.Status)
			}
		}
	}
	if older := ask(h, "GET", "/film/older/source"); older.StatusCode != http.StatusNotFound {
		t.Errorf("an older revision: %s", older.Status)
	}
	if n := l.files.open.Load(); n != 0 {
		t.Errorf("%d blobs are still open", n)
	}
}

func TestFilesOfAFolderAsTheyAre(t *testing.T) {
	dir := folder(t, "sub/a clip.mp4")
	f, err := NewDir(dir, &DirOptions{Downloads: true})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	server := httptest.NewServer(http.StripPrefix("/videos", f))
	defer server.Close()
	got, err := http.Get(server.URL + "/videos/sub/a%20clip.mp4/download") // it follows
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	if !bytes.Equal(content(t, got), readFile(t, filepath.Join(dir, "sub", "a clip.mp4"))) || got.Header.Get("Content-Disposition") != `attachment; filename="a clip.mp4"` {
		t.Errorf("%s %v", got.Status, got.Header)
	}
}

func TestASourceThatFailsBreaksTheDownloadOff(t *testing.T) {
	l := newLibrary(t, shortClip, &Options{Downloads: true})
	h := by(ann, l)
	at := "/film/" + ask(h, "GET", "/film/download").Header.Get("Location")
	l.files.fail = func(_ string, offset int64) error {
		if offset >= 500_000 {
			return errors.New("a bad sector")
		}
		return nil
	}
	server := httptest.NewServer(h)
	defer server.Close()
	got, err := http.Get(server.URL + at)
	if err == nil {
		defer got.Body.Close()
		_, err = new(bytes.Buffer).ReadFrom(got.Body)
	}
	if err == nil {
		t.Error("a short file looks whole")
	}
	l.files.fail = func(string, int64) error { return errors.New("a bad sector") }
	if got := ask(h, "GET", at); got.StatusCode != http.StatusInternalServerError || strings.Contains(string(content(t, got)), "sector") || got.Header.Get("Content-Disposition") != "" {
		t.Errorf("%s %v", got.Status, got.Header)
	}
}

func TestADownloadOfAFileThatWasCutOff(t *testing.T) {
	dir := folder(t, "clip.mp4")
	f, err := NewDir(dir, &DirOptions{Downloads: true})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	at := "/clip.mp4/" + ask(f, "GET", "/clip.mp4/download").Header.Get("Location")
	if err := os.Truncate(filepath.Join(dir, "clip.mp4"), 1000); err != nil {
		t.Fatal(err)
	}
	if got := ask(f, "GET", at); got.StatusCode < 400 {
		t.Errorf("%s", got.Status)
	}
}

func TestNamesOfDownloads(t *testing.T) {
	for _, c := range []struct {
		name string
		kind media.Type
		want string
	}{
		{"clip.mp4", media.TypeMP4, `attachment; filename="clip.mp4"`},
		{"Clip.M4V", media.TypeMP4, `attachment; filename="Clip.M4V"`},
		{"clip", media.TypeQuickTime, `attachment; filename="clip.mov"`},
		{"k3x", media.TypeM4A, `attachment; filename="k3x.m4a"`},
		{"setup.exe", media.TypeMP4, `attachment; filename="setup.exe.mp4"`},
		{"page.html", media.TypeMP4, `attachment; filename="page.html.mp4"`},
		{"clip.mp4", "application/octet-stream", `attachment; filename="clip.mp4.bin"`},
		{"../../etc/passwd", media.TypeMP4, `attachment; filename="_.._etc_passwd.mp4"`},
		{`..\..\x.mp4`, media.TypeMP4, `attachment; filename="_.._x.mp4"`},
		{".hidden.mp4", media.TypeMP4, `attachment; filename="hidden.mp4"`},
		{"", media.TypeMP4, `attachment; filename="media.mp4"`},
		{"\x00\r\n", media.TypeMP4, `attachment; filename="media.mp4"`},
		{"ä.mp4", media.TypeMP4, `attachment; filename="_.mp4"; filename*=UTF-8''%C3%A4.mp4`},
		{"50%.mp4", media.TypeMP4, `attachment; filename="50_.mp4"; filename*=UTF-8''50%25.mp4`},
		{"a;b=c's.mp4", media.TypeMP4, `attachment; filename="a;b=c's.mp4"`},
		{"🎬.mp4", media.TypeMP4, `attachment; filename="_.mp4"; filename*=UTF-8''%F0%9F%8E%AC.mp4`},
		{"gpj\u202e.mp4", media.TypeMP4, `attachment; filename="gpj.mp4"`},
	} {
		if got := attachment(fileNameFor(c.name, c.kind)); got != c.want {
			t.Errorf("%q is kept by %s, want %s", c.name, got, c.want)
		}
	}
}

// Attack 5: a file name cannot put anything into a header.
func TestAttackHeaderInjectionThroughNamesOfDownloads(t *testing.T) {
	for _, name := range []string{
		"x\r\nX-Evil: 1\r\n\r\n<script>", `x"; filename=evil.html; y="`, `x\"`, "x\x00.exe", "\xff\xfe", "a\u2028b", strings.Repeat("ü", 300), "'", "%22%0d%0a",
	} {
		checkAttachment(t, name)
	}
}

func FuzzAttachment(f *testing.F) {
	f.Add("clip.mp4")
	f.Add("x\r\nX-Evil: 1")
	f.Add(`"; filename*=UTF-8''evil.exe`)
	f.Fuzz(checkAttachment)
}

func checkAttachment(t *testing.T, name string) {
	t.Helper()
	want := fileNameFor(name, media.TypeMP4)
	value := attachment(want)
	for i := range len(value) {
		if value[i] < ' ' || value[i] > '~' {
			t.Fatalf("%q: %q", name, value)
		}
	}
	kind, parameters, err := mime.ParseMediaType(value) // it prefers filename*
	if err != nil || kind != "attachment" || len(parameters) != 1 || parameters["filename"] != want {
		t.Fatalf("%q: %q is read as %q %v, %v; want %q", name, value, kind, parameters, err, want)
	}
	if !utf8.ValidString(want) || want == "" || strings.ContainsAny(want, "/\\\r\n") || want[0] == '.' {
		t.Fatalf("%q is called %q", name, want)
	}
}
