package hls_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/hls"
	"github.com/streamgate/streamgate/internal/playcheck"
	"github.com/streamgate/streamgate/media"
)

// settles rewrites a film, and asks for the same answers of the new file; where
// played is set or STREAMGATE_CORPUS_ALL, also that it plays by itself as it plays
// here, which takes as long as all else. Films that are not served are passed over,
// and so are those that cannot be settled: package media has the list of these.
func settles(t *testing.T, dir, name string, played bool) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	src := bytes.NewReader(data)
	index, err := media.Parse(t.Context(), src, src.Size(), nil)
	if err != nil {
		return
	}
	settled := t.TempDir()
	film := filepath.Join(settled, "settled.mp4")
	writeSettled(t, film, src, index)
	if err := compareFilm(t, film, src, index); errors.Is(err, media.ErrDiffers) {
		t.Logf("%s cannot be settled: %v", name, err)
		return
	} else if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(answers(t, hls.Dir(dir), name), answers(t, hls.Dir(settled), "settled.mp4")); diff != "" {
		t.Errorf("settled, it is answered otherwise (-as it came, +settled):\n%s", diff)
	}
	if !played && os.Getenv("STREAMGATE_CORPUS_ALL") == "" {
		return
	}
	server := serve(t, settled)
	for _, problem := range playcheck.Compare(t, film, server.URL+"/settled.mp4/master.m3u8").Problems {
		t.Errorf("the settled file does not play as it does here: %s", problem)
	}
}

func writeSettled(t *testing.T, to string, src io.ReaderAt, index *media.Index) {
	t.Helper()
	f, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	_, err = media.Rewrite(t.Context(), f, src, index)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

func compareFilm(t *testing.T, film string, src io.ReaderAt, index *media.Index) error {
	t.Helper()
	data, err := os.ReadFile(film)
	if err != nil {
		t.Fatal(err)
	}
	again, err := media.Parse(t.Context(), bytes.NewReader(data), int64(len(data)), nil)
	if err != nil {
		t.Fatalf("the settled file: %v", err)
	}
	return media.Compare(t.Context(), media.Presented{Index: index, Source: src}, media.Presented{Index: again, Source: bytes.NewReader(data)})
}

var uris = regexp.MustCompile(`URI="([^"]+)"|(?m)^([^#\s].*)$`)

// answers are all that playlists of a film lead to: by path, each as its type and
// a sum of its bytes. The revision stands as "revision" in all of them.
func answers(t *testing.T, h http.Handler, film string) map[string]string {
	t.Helper()
	found := map[string]string{}
	root := "/" + url.PathEscape(film) + "/"
	revision := ""
	var visit func(name string)
	visit = func(name string) {
		if _, ok := found[name]; ok {
			return
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, root+strings.ReplaceAll(name, "revision", revision), nil))
		if w.Code != http.StatusOK {
			t.Errorf("%s: %d", name, w.Code)
		}
		body := w.Body.String()
		if revision == "" {
			for _, m := range uris.FindAllStringSubmatch(body, -1) {
				revision, _, _ = strings.Cut(m[1]+m[2], "/")
				break
			}
		}
		body = strings.ReplaceAll(body, revision, "revision")
		sum := sha256.Sum256([]byte(body))
		found[name] = w.Header().Get("Content-Type") + " " + hex.EncodeToString(sum[:8])
		if etag := w.Header().Get("ETag"); strings.Contains(etag, revision) { // others are sums of texts that name the revision
			found[name] += " " + strings.ReplaceAll(etag, revision, "revision")
		}
		if path.Ext(name) != ".m3u8" {
			return
		}
		for _, m := range uris.FindAllStringSubmatch(body, -1) {
			visit(path.Join(path.Dir(name), m[1]+m[2]))
		}
	}
	visit("master.m3u8")
	visit("manifest.mpd")
	return found
}
