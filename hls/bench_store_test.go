//go:build linux

package hls

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/metadata"
)

// assetServer serves clip.mp4 of a folder as the asset "clip", with a stored
// index, as an application does.
func assetServer(t *testing.T, dir string) http.Handler {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, "clip.mp4"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	src, err := fileSource(f)
	if err != nil {
		t.Fatal(err)
	}
	index, err := media.Parse(t.Context(), f, src.size, nil)
	if err != nil {
		t.Fatal(err)
	}
	stored, err := os.Create(filepath.Join(dir, "clip.index"))
	if err != nil {
		t.Fatal(err)
	}
	defer stored.Close()
	if _, err := index.WriteTo(stored); err != nil {
		t.Fatal(err)
	}
	meta := new(memoryMeta)
	meta.put(metadata.Asset{ID: "clip", Owner: "ann", Playable: true, Source: "clip.mp4", Index: "clip.index", Revision: "bench"})
	s, err := New(folderStore{dir: dir}, meta, nil)
	if err != nil {
		t.Fatal(err)
	}
	return by(ann, s)
}
