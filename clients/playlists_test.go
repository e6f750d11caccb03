package clients_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/Eyevinn/hls-m3u8/m3u8"

	"github.com/streamgate/streamgate/hls"
	"github.com/streamgate/streamgate/internal/testclip"
)

// playlist is what playlists.mjs reads.
type playlist struct {
	URI  string `json:"uri"`
	Text string `json:"text"`
}

// read is what m3u8-parser makes of one.
type read struct {
	URI      string   `json:"uri"`
	Problems []string `json:"problems"`
	Variants int      `json:"variants"`
	Segments int      `json:"segments"`
	Target   int      `json:"target"`
	Ended    bool     `json:"ended"`
}

// TestParsersOfOthersReadThePlaylists reads the playlists of a clip, and of every
// file of the corpus where that is there, with hls-m3u8 and with m3u8-parser.
// Both have to understand all of it, and the same.
func TestParsersOfOthersReadThePlaylists(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "clip.mp4"), testclip.MP4(t), 0o600); err != nil {
		t.Fatal(err)
	}
	all := playlistsOf(t, dir)
	if corpus := corpusFolder(); corpus != "" {
		all = append(all, playlistsOf(t, corpus)...)
	}
	for i, got := range byM3U8Parser(t, all) {
		if len(got.Problems) > 0 {
			t.Errorf("m3u8-parser, %s: %q\n%s", got.URI, got.Problems, all[i].Text)
		}
		sameByHLSM3U8(t, all[i], got)
	}
}

// sameByHLSM3U8 reads a playlist with hls-m3u8, which has to see the same.
func sameByHLSM3U8(t *testing.T, p playlist, want read) {
	t.Helper()
	list, kind, err := m3u8.DecodeFrom(strings.NewReader(p.Text), true)
	if err != nil {
		t.Errorf("hls-m3u8, %s: %v\n%s", p.URI, err, p.Text)
		return
	}
	if kind == m3u8.MASTER {
		n := 0
		for _, v := range list.(*m3u8.MasterPlaylist).Variants {
			if !v.Iframe { // which the other does not count
				n++
			}
		}
		if n != want.Variants || n == 0 {
			t.Errorf("%s: %d variants by hls-m3u8, %d by m3u8-parser", p.URI, n, want.Variants)
		}
		return
	}
	media := list.(*m3u8.MediaPlaylist)
	if n := len(media.GetAllSegments()); n != want.Segments || n == 0 || int(media.TargetDuration) != want.Target || !media.Closed || !want.Ended {
		t.Errorf("%s: %d segments, target %d by hls-m3u8, %+v by m3u8-parser", p.URI, n, media.TargetDuration, want)
	}
}

// playlistsOf are all playlists of the files in a folder.
func playlistsOf(t *testing.T, dir string) []playlist {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	handler := hls.Dir(dir)
	var all []playlist
	for _, e := range entries {
		master := "/" + url.PathEscape(e.Name()) + "/master.m3u8"
		text, ok := ask(handler, master)
		if !ok {
			continue // it cannot be played
		}
		all = append(all, playlist{master, text})
		for line := range strings.Lines(text) {
			uri := strings.TrimSpace(line)
			if _, after, ok := strings.Cut(line, `URI="`); ok {
				uri, _, _ = strings.Cut(after, `"`)
			}
			if !strings.HasSuffix(uri, ".m3u8") {
				continue
			}
			uri = "/" + url.PathEscape(e.Name()) + "/" + uri
			media, ok := ask(handler, uri)
			if !ok {
				t.Errorf("%s is not there", uri)
			}
			all = append(all, playlist{uri, media})
		}
	}
	return all
}

func ask(h http.Handler, uri string) (string, bool) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, uri, http.NoBody))
	return w.Body.String(), w.Code == http.StatusOK
}

// corpusFolder is the folder of the media corpus, "" where it is not.
func corpusFolder() string {
	dir := os.Getenv("STREAMGATE_CORPUS")
	if dir == "" {
		dir = filepath.Join("..", "shared", "media")
	}
	if !filepath.IsAbs(dir) { // it is relative to the module
		dir = filepath.Join("..", dir)
	}
	if _, err := os.Stat(filepath.Join(dir, "manifest.tsv")); err != nil {
		return ""
	}
	return dir
}

func byM3U8Parser(t *testing.T, all []playlist) []read {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		missing(t, "node is not here: install it (nodejs), or run make need")
	}
	if _, err := os.Stat("node_modules/m3u8-parser"); err != nil {
		missing(t, "m3u8-parser is not here: run make clients")
	}
	input, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), node, "playlists.mjs")
	var stderr strings.Builder
	cmd.Stdin, cmd.Stderr = bytes.NewReader(input), &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, &stderr)
	}
	var list []read
	if err := json.Unmarshal(out, &list); err != nil || len(list) != len(all) {
		t.Fatalf("%v: %d of %d\n%s", err, len(list), len(all), out)
	}
	return list
}
