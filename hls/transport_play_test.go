package hls_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"testing"

	"github.com/streamgate/streamgate/hls"
	"github.com/streamgate/streamgate/internal/hlsrules"
	"github.com/streamgate/streamgate/internal/playcheck"
)

// serveTransport is the folder with transport streams.
func serveTransport(t *testing.T, dir string) *httptest.Server {
	t.Helper()
	folder, err := hls.NewDir(dir, &hls.DirOptions{MPEGTS: true})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(folder)
	t.Cleanup(func() {
		server.Close()
		_ = folder.Close()
	})
	return server
}

// odd are fixtures of which ffmpeg makes something else, and why.
var odd = map[string]string{
	"H.264 of one frame with sound": "ffmpeg waits for the next picture before it says what the only one is",
	"sound 10 s late":               "ffmpeg says after 5 s that it does not know the sound yet, of which the first segment has none",
}

// overrated are files of which less is sent than lies in the samples.
var overrated = map[string]string{
	"androidx_mp4_water_180_mvhevc_5frames.mov": "the picture for the other eye is left out",
}

// TestTransportStreamsPlayAsFragmentsDo plays files of every shape both ways, one in
// four unless STREAMGATE_CORPUS_ALL is set.
func TestTransportStreamsPlayAsFragmentsDo(t *testing.T) {
	playcheck.Require(t)
	base := filepath.Join(t.TempDir(), "base.mp4")
	encode(t, filepath.Dir(base), base, "$V $A "+x264+" -c:a aac -aac_pns 0 "+base)
	for i, f := range fixtures() {
		if f.class != "" || odd[f.name] != "" || spared(t, i, 4, 12) {
			continue
		}
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			name, server := f.make(t, dir, base), serveTransport(t, dir)
			playTransport(t, server.URL+"/"+name)
			transportRules(t, server.Config.Handler, name)
		})
	}
}

// playTransport plays a file as transport streams beside fragments, where these
// can carry it.
func playTransport(t *testing.T, at string) {
	t.Helper()
	switch status, body, _ := read(t, at+"/ts.m3u8"); status {
	case http.StatusOK:
	case http.StatusUnsupportedMediaType:
		t.Logf("it is refused: %s", body)
		return
	default:
		t.Fatalf("%d: %s", status, body)
	}
	kinds, problems := playcheck.Transport(t, at+"/master.m3u8", at+"/ts.m3u8")
	for _, problem := range problems {
		t.Error(problem)
	}
	t.Log(slices.Sorted(slices.Values(kinds)))
}

// TestCorpusTransport does the same with files of the corpus, every eighth unless
// STREAMGATE_CORPUS_ALL is set, and holds all against the rules of the draft.
func TestCorpusTransport(t *testing.T) {
	playcheck.Require(t)
	dir, films := corpus(t)
	server := serveTransport(t, dir)
	for i, f := range films {
		if f.class != classHLS || spared(t, i, 1, 12) {
			continue
		}
		t.Run(f.name, func(t *testing.T) {
			at := server.URL + "/" + url.PathEscape(f.name)
			if !spared(t, i, 8, 12) {
				playTransport(t, at)
			}
			transportRules(t, server.Config.Handler, f.name)
		})
	}
}

// transportRules holds transport streams against the rules of the draft.
func transportRules(t *testing.T, h http.Handler, name string) {
	t.Helper()
	master := "/" + url.PathEscape(name) + "/ts.m3u8"
	fetch := fetcher(h)
	if _, err := fetch(master); err != nil {
		return
	}
	for _, v := range hlsrules.Check(fetch, master) {
		if always[v.Rule] == "" && overrated[name] == "" { // always: subtitles are those of fragments
			t.Error(v)
		}
	}
}
