package storagetest

import (
	"io"
	"os"
	"testing"

	"github.com/streamgate/streamgate/storage"
)

var fileChecks = []check{
	{"an opened file is the caller's own", ifFileOpener(func(t *testing.T, s storage.Store, o storage.FileOpener) {
		put(t, s, "a/b", "0123456789")
		first, second := openFile(t, o, "a/b"), openFile(t, o, "a/b")
		if _, err := first.Seek(5, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		wantRest(t, second, "0123456789")
		wantRest(t, first, "56789")
	})},
	{"an opened file is the blob alone, in its whole size", ifFileOpener(func(t *testing.T, s storage.Store, o storage.FileOpener) {
		put(t, s, "a/b", "0123456789")
		info, err := openFile(t, o, "a/b").Stat()
		if err != nil || info.Size() != 10 || !info.Mode().IsRegular() {
			t.Errorf("Stat: %v, %v", info, err)
		}
	})},
	{"an opened file reads on after the blob is deleted", ifFileOpener(func(t *testing.T, s storage.Store, o storage.FileOpener) {
		put(t, s, "a/b", "text")
		f := openFile(t, o, "a/b")
		remove(t, s, "a/b")
		wantRest(t, f, "text")
	})},
	{"only committed blobs open as files", ifFileOpener(func(t *testing.T, s storage.Store, o storage.FileOpener) {
		draft(t, s, "a/b", "text")
		for _, key := range []string{"a/b", "a", "c"} {
			_, err := o.OpenFile(t.Context(), key)
			wantError(t, "OpenFile of "+key, err, storage.ErrNotFound)
		}
	})},
}

func ifFileOpener(run func(t *testing.T, s storage.Store, o storage.FileOpener)) func(*testing.T, storage.Store) {
	return func(t *testing.T, s storage.Store) {
		o, ok := s.(storage.FileOpener)
		if !ok {
			t.Skipf("%T does not implement storage.FileOpener, which is optional", s)
		}
		run(t, s, o)
	}
}

func openFile(t *testing.T, o storage.FileOpener, key string) *os.File {
	t.Helper()
	f, err := o.OpenFile(t.Context(), key)
	if err != nil {
		t.Fatalf("OpenFile(%q): %v", key, err)
	}
	t.Cleanup(func() { _ = f.Close() }) // only read
	return f
}

func wantRest(t *testing.T, r io.Reader, want string) {
	t.Helper()
	got, err := io.ReadAll(r)
	if err != nil || string(got) != want {
		t.Errorf("reads %q, %v, want %q", got, err, want)
	}
}
