package hls

import (
	"bytes"
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

// A store whose blobs are files is read through them, with the same result.
func TestAssetsInFilesPlay(t *testing.T) {
	dir := t.TempDir()
	c := clip{frames: 12 * clipRate, frameSize: 20_000, gop: 60} // long runs
	c.writeFile(t, filepath.Join(dir, "film"))
	source := readFile(t, filepath.Join(dir, "film"))
	index, err := media.Parse(t.Context(), bytes.NewReader(source), int64(len(source)), nil)
	if err != nil {
		t.Fatal(err)
	}
	meta := new(memoryMeta)
	meta.put(metadata.Asset{ID: "film", Owner: "ann", Playable: true, Source: "film"})
	s, err := New(folderStore{dir: dir}, meta, nil)
	if err != nil {
		t.Fatal(err)
	}
	for way, get := range ways(t, copying(by(ann, s))) {
		at := base(t, by(ann, s), "/film", "v1")
		for n := range index.Tracks[0].Segments {
			if got := content(t, get(at+segmentName(n))); !bytes.Equal(got, segment(t, index, 0, n, source)) {
				t.Errorf("%s: segment %d differs", way, n)
			}
		}
	}
	if err := os.Truncate(filepath.Join(dir, "film"), 1_000_000); err != nil {
		t.Fatal(err)
	}
	at := base(t, by(ann, s), "/film", "v1")
	if got := ask(by(ann, s), "GET", at+"0.m4s"); got.StatusCode != http.StatusNotFound {
		t.Errorf("a blob that is not what was indexed: %s", got.Status)
	}
}
