//go:build linux

package hls

import (
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/metadata"
)

// assetServer serves clip.mp4 of a folder as the asset "clip", with a stored
// index, as an application does; and settled.mp4, where it is there, as the same
// asset once it was settled; and others of the figures.
func assetServer(t *testing.T, dir string) http.Handler {
	t.Helper()
	meta := new(memoryMeta)
	for _, id := range []string{"clip", "settled", "minutes", "hours"} {
		if !storeIndex(t, dir, id) {
			continue
		}
		meta.put(metadata.Asset{ID: id, Owner: "ann", Playable: true, Source: id + ".mp4", Index: id + ".index", Revision: "bench"})
	}
	s, err := New(folderStore{dir: dir}, meta, nil)
	if err != nil {
		t.Fatal(err)
	}
	return by(ann, s)
}

// storeIndex writes the index of a file beside it, if there is the file.
func storeIndex(t *testing.T, dir, id string) bool {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, id+".mp4"))
	if errors.Is(err, fs.ErrNotExist) {
		return false
	}
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
	stored, err := os.Create(filepath.Join(dir, id+".index"))
	if err != nil {
		t.Fatal(err)
	}
	defer stored.Close()
	if _, err := index.WriteTo(stored); err != nil {
		t.Fatal(err)
	}
	return true
}

// settleFile writes what media.Rewrite makes of one file to another.
func settleFile(t testing.TB, from, to string) {
	t.Helper()
	f, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	index, err := media.Parse(t.Context(), f, info.Size(), nil)
	if err != nil {
		t.Fatal(err)
	}
	w, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	_, err = media.Rewrite(t.Context(), w, f, index)
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
}
