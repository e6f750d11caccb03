package main

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"time"
)

// The page: HTML, CSS and ES modules as they are, no build step. What make
// assets has put into assets/vendor is embedded with it.
//
//go:embed all:assets
var assets embed.FS

// vendored is where make assets puts hls.js.
const vendored = "assets/vendor/hls.min.mjs"

// policy lets the page load from this server and nothing else. blob: and data: are what
// hls.js gives the video element: what it plays, and text tracks to be filled.
const policy = "default-src 'self'; media-src 'self' blob: data:; img-src 'self' data:; " +
	"object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// pageRoutes adds the page at / and its files at /assets/.
func pageRoutes(mux *http.ServeMux, files fs.FS, c config) error {
	index, err := renderIndex(files, c)
	if err != nil {
		return err
	}
	mux.Handle("GET /{$}", file("index.html", index))
	return fs.WalkDir(files, "assets", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || name == "assets/index.html" {
			return err
		}
		content, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		mux.Handle("GET /"+name, file(name, content))
		return nil
	})
}

// renderIndex tells the page where hls.js is, whether it has to sign in, whether
// players elsewhere need the key as well, and whether there is a transcoder.
func renderIndex(files fs.FS, c config) ([]byte, error) {
	page, err := template.ParseFS(files, "assets/index.html")
	if err != nil {
		return nil, fmt.Errorf("parsing the page: %w", err)
	}
	data := struct {
		HLS                     string
		Locked, Sole, Transcode bool
	}{Locked: c.key != "", Sole: c.key != "" && !c.publicPlay, Transcode: c.transcode}
	if _, err := fs.Stat(files, vendored); err == nil {
		data.HLS = vendored
	}
	var out bytes.Buffer
	if err := page.Execute(&out, data); err != nil {
		return nil, fmt.Errorf("rendering the page: %w", err)
	}
	return out.Bytes(), nil
}

// file serves content that a browser keeps, and asks about each time: a new
// server's page never mixes with an old one's.
func file(name string, content []byte) http.Handler {
	sum := sha256.Sum256(content)
	etag := `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
	contentType := typeOf(name)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", contentType)
		h.Set("ETag", etag)
		h.Set("Cache-Control", "no-cache")
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	})
}

// typeOf does not ask the operating system about scripts, which it may know by
// a type that browsers refuse to run.
func typeOf(name string) string {
	switch ext := path.Ext(name); ext {
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".md":
		return "text/plain; charset=utf-8"
	default:
		if t := mime.TypeByExtension(ext); t != "" {
			return t
		}
		return "application/octet-stream"
	}
}
