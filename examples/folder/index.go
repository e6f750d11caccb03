package main

import (
	"bytes"
	_ "embed"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
)

//go:embed index.html
var page string

//go:embed player.js
var script []byte

var view = template.Must(template.New("index").Parse(page))

// policy lets the page run player.js and nothing else. Its style is inline, and
// its icon, which is none, is a data: address.
const policy = "default-src 'none'; script-src 'self'; connect-src 'self'; media-src 'self'; img-src data:; " +
	"style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// most is how many videos a page lists.
const most = 1000

var playable = []string{".mp4", ".m4v", ".mov", ".m4a"}

// index lists the videos of a directory and plays the one that ?play= names,
// or says why that one does not play. The browser plays HLS by itself.
type index struct {
	dir    fs.FS
	player http.Handler // of what is below videos/
}

type video struct {
	Name     string // path in the directory
	Link     string // of this page with the video in it
	Playback string
	Problem  string // why it does not play; "" when it does
}

func (x index) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var content bytes.Buffer
	now := x.chosen(r.URL.Query().Get("play"))
	if now != nil {
		now.Problem = problem(r.Context(), x.player, "/"+now.Playback)
	}
	err := view.Execute(&content, struct {
		Videos []video
		Now    *video
		Host   string
	}{x.videos(), now, r.Host})
	if err != nil {
		http.Error(w, "the list cannot be shown", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", policy)
	_, _ = content.WriteTo(w) // a client that is gone needs no list
}

func serveScript(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	_, _ = w.Write(script) // a client that is gone needs no script
}

// videos walks the directory. What cannot be read is left out, as hls.Dir
// leaves out what is hidden.
func (x index) videos() []video {
	var found []video
	_ = fs.WalkDir(x.dir, ".", func(name string, entry fs.DirEntry, err error) error { // the function returns no error
		switch {
		case len(found) == most:
			return fs.SkipAll
		case err != nil, name != "." && strings.HasPrefix(entry.Name(), "."):
			if entry != nil && entry.IsDir() {
				return fs.SkipDir
			}
		case entry.Type().IsRegular() && slices.Contains(playable, strings.ToLower(path.Ext(name))):
			found = append(found, newVideo(name))
		}
		return nil
	})
	return found
}

func (x index) chosen(name string) *video {
	if info, err := fs.Stat(x.dir, name); err != nil || !info.Mode().IsRegular() {
		return nil
	}
	v := newVideo(name)
	return &v
}

func newVideo(name string) video {
	parts := strings.Split(name, "/")
	for i, part := range parts {
		parts[i] = url.PathEscape(part)
	}
	return video{
		Name:     name,
		Link:     "?play=" + url.QueryEscape(name),
		Playback: "videos/" + strings.Join(parts, "/") + "/master.m3u8",
	}
}
