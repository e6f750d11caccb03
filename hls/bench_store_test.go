//go:build linux

package hls

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
)

// folderStore is a storage.Store of the files in a folder, opened as files.
type folderStore struct {
	storage.Store
	dir string
}

func (s folderStore) OpenFile(_ context.Context, key string) (*os.File, error) {
	return os.Open(filepath.Join(s.dir, key))
}

func (s folderStore) Open(_ context.Context, key string) (storage.Blob, error) {
	f, err := os.Open(filepath.Join(s.dir, key))
	if err != nil {
		return nil, storage.ErrNotFound
	}
	return fileBlob{f, key}, nil
}

type fileBlob struct {
	*os.File
	key string
}

func (b fileBlob) Info() storage.Info {
	info, err := b.Stat()
	if err != nil {
		return storage.Info{}
	}
	return storage.Info{Key: b.key, Size: info.Size()}
}

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
