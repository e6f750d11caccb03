package disk_test

import (
	"testing"

	"github.com/streamgate/streamgate/storage"
	"github.com/streamgate/streamgate/storage/disk"
	"github.com/streamgate/streamgate/storage/storagetest"
)

func TestStore(t *testing.T) {
	storagetest.Run(t, func(t *testing.T) storage.Store { return open(t, t.TempDir(), nil) })
}

// The fake that counts what readers cost an object storage is a store like others.
func TestStoreFarAway(t *testing.T) {
	storagetest.Run(t, func(t *testing.T) storage.Store {
		return storagetest.NewRemote(open(t, t.TempDir(), nil), 0, true)
	})
}

func TestStoreImports(t *testing.T) {
	storagetest.RunImporter(t, func(t *testing.T) (storage.Store, string) {
		folder := t.TempDir()
		return open(t, t.TempDir(), &disk.Options{ImportFolders: []string{folder}}), folder
	})
}

// open closes the store when the test ends.
func open(t testing.TB, dir string, o *disk.Options) *disk.Store {
	t.Helper()
	s, err := disk.OpenWith(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}
