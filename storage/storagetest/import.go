package storagetest

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/streamgate/streamgate/storage"
)

type importCheck struct {
	name string
	run  func(t *testing.T, s storage.Store, folder string)
}

var importChecks = []importCheck{
	{"an imported file is a blob", func(t *testing.T, s storage.Store, folder string) {
		path := writeFile(t, folder, "Sub Folder/Ünïcode Clip.MP4", "text")
		info := imported(t, s, "a/b", path)
		if info.Key != "a/b" || info.Size != 4 {
			t.Errorf("Import says %+v", info)
		}
		wantBlob(t, s, "a/b", "text")
		wantKeys(t, s.List(t.Context(), ""), "a/b 4")
		wantKeys(t, s.Drafts(t.Context(), ""))
		if o, ok := s.(storage.FileOpener); ok {
			wantRest(t, openFile(t, o, "a/b"), "text")
		}
	}},
	{"imports and blobs are listed together, in the order of their keys", func(t *testing.T, s storage.Store, folder string) {
		path := writeFile(t, folder, "f", "12345")
		put(t, s, "a/b", "1")
		imported(t, s, "a-b", path)
		imported(t, s, "a/a", path)
		put(t, s, "a.b", "1")
		imported(t, s, "a0", path)
		wantKeys(t, s.List(t.Context(), ""), "a-b 5", "a.b 1", "a/a 5", "a/b 1", "a0 5")
	}},
	{"a key is taken once", func(t *testing.T, s storage.Store, folder string) {
		path := writeFile(t, folder, "f", "text")
		put(t, s, "blob", "x")
		draft(t, s, "draft", "x")
		create(t, s, "open")
		imported(t, s, "import", path)
		for _, key := range []string{"blob", "draft", "open", "import"} {
			_, err := s.(storage.Importer).Import(t.Context(), key, path)
			wantError(t, "Import of "+key, err, storage.ErrExists)
		}
		_, err := s.Create(t.Context(), "import")
		wantError(t, "Create", err, storage.ErrExists)
		_, err = s.Append(t.Context(), "import")
		wantError(t, "Append", err, storage.ErrNotFound)
	}},
	{"deleting an import leaves the file", func(t *testing.T, s storage.Store, folder string) {
		path := writeFile(t, folder, "f", "text")
		imported(t, s, "a/b", path)
		remove(t, s, "a/b")
		wantNoBlob(t, s, "a/b")
		if text, err := os.ReadFile(path); err != nil || string(text) != "text" {
			t.Errorf("the file reads %q, %v", text, err)
		}
		imported(t, s, "a/b", path)
	}},
	{"a file that grew has changed", wantChanged(func(t *testing.T, path string) {
		rewrite(t, path, "text and more")
	})},
	{"a file of the same size with another time has changed", wantChanged(func(t *testing.T, path string) {
		rewrite(t, path, "next")
		if err := os.Chtimes(path, time.Time{}, time.Now().Add(time.Second)); err != nil {
			t.Fatal(err)
		}
	})},
	{"a file that became a directory has changed", wantChanged(func(t *testing.T, path string) {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(path, 0o750); err != nil {
			t.Fatal(err)
		}
	})},
	{"a file that is gone is not found, and still listed", func(t *testing.T, s storage.Store, folder string) {
		path := writeFile(t, folder, "f", "text")
		imported(t, s, "a/b", path)
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		_, err := s.Open(t.Context(), "a/b")
		wantError(t, "Open", err, storage.ErrNotFound)
		_, err = s.Stat(t.Context(), "a/b")
		wantError(t, "Stat", err, storage.ErrNotFound)
		wantKeys(t, s.List(t.Context(), ""), "a/b 4")
	}},
	{"nothing outside the folder is imported", func(t *testing.T, s storage.Store, folder string) {
		outside := writeFile(t, t.TempDir(), "f", "secret")
		for _, path := range []string{
			outside, folder, filepath.Dir(folder), "", ".", "f",
			filepath.Join(folder, "..", "f"), folder + "-other/f",
		} {
			_, err := s.(storage.Importer).Import(t.Context(), "a/b", path)
			wantError(t, "Import of "+path, err, storage.ErrInvalidKey)
		}
		wantNoBlob(t, s, "a/b")
	}},
	{"a file that is not there is not imported", func(t *testing.T, s storage.Store, folder string) {
		_, err := s.(storage.Importer).Import(t.Context(), "a/b", filepath.Join(folder, "f"))
		wantError(t, "Import", err, storage.ErrNotFound)
		wantNoBlob(t, s, "a/b")
	}},
	{"a link out of the folder leads nowhere", func(t *testing.T, s storage.Store, folder string) {
		outside := writeFile(t, t.TempDir(), "f", "text")
		link := filepath.Join(folder, "link")
		symlink(t, outside, link)
		if _, err := s.(storage.Importer).Import(t.Context(), "a/b", link); err == nil {
			t.Error("Import follows it")
		}
		wantNoBlob(t, s, "a/b")
	}},
	{"a file that became a link out of the folder is not read", func(t *testing.T, s storage.Store, folder string) {
		path := writeFile(t, folder, "f", "text")
		imported(t, s, "a/b", path)
		outside := writeFile(t, t.TempDir(), "f", "evil")
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		symlink(t, outside, path)
		if b, err := s.Open(t.Context(), "a/b"); err == nil {
			t.Errorf("Open reads %q", content(t, b))
		}
	}},
}

// wantChanged imports a file, changes it and asks for it.
func wantChanged(change func(t *testing.T, path string)) func(*testing.T, storage.Store, string) {
	return func(t *testing.T, s storage.Store, folder string) {
		path := writeFile(t, folder, "f", "text")
		imported(t, s, "a/b", path)
		change(t, path)
		_, err := s.Open(t.Context(), "a/b")
		wantError(t, "Open", err, storage.ErrChanged)
		_, err = s.Stat(t.Context(), "a/b")
		wantError(t, "Stat", err, storage.ErrChanged)
		if o, ok := s.(storage.FileOpener); ok {
			_, err = o.OpenFile(t.Context(), "a/b")
			wantError(t, "OpenFile", err, storage.ErrChanged)
		}
		wantKeys(t, s.List(t.Context(), ""), "a/b 4")
	}
}

func imported(t *testing.T, s storage.Store, key, path string) storage.Info {
	t.Helper()
	info, err := s.(storage.Importer).Import(t.Context(), key, path)
	if err != nil {
		t.Fatalf("Import(%q): %v", key, err)
	}
	return info
}

func writeFile(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	rewrite(t, path, text)
	return path
}

func rewrite(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func symlink(t *testing.T, to, from string) {
	t.Helper()
	if err := os.Symlink(to, from); err != nil {
		t.Skipf("symbolic links cannot be made here (%v); on Windows, turn on developer mode", err)
	}
}
