package main

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

// bare is the page without hls.js, whatever make assets has brought.
func bare(t *testing.T) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	err := fs.WalkDir(assets, "assets", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasPrefix(name, "assets/vendor/") {
			return err
		}
		content, err := assets.ReadFile(name)
		files[name] = &fstest.MapFile{Data: content}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// withPlayer is the page with the hls.js that the tests install.
func withPlayer(t *testing.T) fstest.MapFS {
	t.Helper()
	script, err := os.ReadFile(filepath.Join("..", "..", "clients", "node_modules", "hls.js", "dist", "hls.min.mjs"))
	if err != nil {
		missing(t, "hls.js is not installed; make clients installs it")
	}
	files := bare(t)
	files[vendored] = &fstest.MapFile{Data: script}
	return files
}

func serveFiles(t *testing.T, files fs.FS) http.Handler {
	t.Helper()
	mux := http.NewServeMux()
	if err := pageRoutes(mux, files, config{}); err != nil {
		t.Fatal(err)
	}
	return mux
}

func get(h http.Handler, path string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestPageNamesOnlyFilesThatAreThere(t *testing.T) {
	files := bare(t)
	h := serveFiles(t, files)
	patterns := []*regexp.Regexp{
		regexp.MustCompile(`(?:src|href)="(assets/[^"]+)"`),
		regexp.MustCompile(`from '\./([^']+)'`),
	}
	for name, file := range files {
		for _, pattern := range patterns {
			for _, match := range pattern.FindAllSubmatch(file.Data, -1) {
				path := "/assets/" + strings.TrimPrefix(string(match[1]), "assets/")
				if w := get(h, path); w.Code != http.StatusOK {
					t.Errorf("%s names %s, which answers %d", name, path, w.Code)
				}
			}
		}
	}
}

func TestPageIsItsOwn(t *testing.T) {
	absolute := regexp.MustCompile(`(?:src|href|import|url)\s*[=(]?\s*["']?(?:https?:)?//`)
	inline := regexp.MustCompile(`(?i)<script(?:\s+[^>]*)?>\s*[^<\s]|\son\w+="|\sstyle="`)
	for name, file := range bare(t) {
		if m := absolute.Find(file.Data); m != nil {
			t.Errorf("%s loads something from elsewhere: %s", name, m)
		}
		if strings.HasSuffix(name, ".html") && inline.Match(file.Data) {
			t.Errorf("%s has a script or style of the kind that its own policy forbids: %s", name, inline.Find(file.Data))
		}
	}
}

func TestPageHeaders(t *testing.T) {
	h := serveFiles(t, bare(t))
	tests := []struct{ path, contentType string }{
		{"/", "text/html; charset=utf-8"},
		{"/assets/app.js", "text/javascript; charset=utf-8"},
		{"/assets/style.css", "text/css; charset=utf-8"},
		{"/assets/icon.svg", "image/svg+xml"},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			w := get(h, tt.path)
			if got := w.Header().Get("Content-Type"); w.Code != http.StatusOK || got != tt.contentType {
				t.Errorf("status %d, type %q; want 200, %q", w.Code, got, tt.contentType)
			}
			if w.Header().Get("Content-Security-Policy") != policy {
				t.Error("there is no content security policy")
			}
			if again := get(h, tt.path, "If-None-Match", w.Header().Get("ETag")); again.Code != http.StatusNotModified {
				t.Errorf("asked again it answers %d, want 304", again.Code)
			}
		})
	}
	if w := get(h, "/assets/../main.go"); w.Code == http.StatusOK {
		t.Error("a path out of the assets is served")
	}
}

func TestPageKnowsWhetherHLSJSIsThere(t *testing.T) {
	files := bare(t)
	if body := get(serveFiles(t, files), "/").Body.String(); !strings.Contains(body, `data-hls=""`) {
		t.Error("the page claims to have an hls.js that is not there")
	}
	files[vendored] = &fstest.MapFile{Data: []byte("export default class {}")}
	h := serveFiles(t, files)
	if body := get(h, "/").Body.String(); !strings.Contains(body, `data-hls="`+vendored+`"`) {
		t.Error("the page does not know its hls.js")
	}
	if w := get(h, "/"+vendored); !strings.HasPrefix(w.Header().Get("Content-Type"), "text/javascript") {
		t.Errorf("hls.js is served as %q", w.Header().Get("Content-Type"))
	}
}
