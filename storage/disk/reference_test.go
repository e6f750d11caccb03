package disk

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/streamgate/streamgate/storage"
)

func FuzzReference(f *testing.F) {
	f.Add([]byte(`{"streamgate_import":1,"path":"/videos/a.mp4","size":12,"mod_time":1700000000000000000}`))
	f.Add([]byte(`{"streamgate_import":2,"path":"/videos/a.mp4"}`))
	f.Add([]byte(`{"streamgate_import":1,"path":"../../etc/passwd","size":-1}`))
	f.Add([]byte(`{"streamgate_import":1,"path":"/videos/a\ufffd.mp4","path_bytes":"L3ZpZGVvcy9h/y5tcDQ=","size":12,"mod_time":1}`))
	f.Add([]byte(`{"streamgate_import":1,"path":"/videos/a.mp4","path_bytes":""}`))
	f.Add([]byte(`[]`))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, text []byte) {
		ref, err := parseReference(text)
		if err != nil {
			return
		}
		again, err := json.Marshal(ref)
		if err != nil {
			t.Fatal(err)
		}
		got, err := parseReference(again)
		if diff := cmp.Diff(ref, got, cmpopts.EquateEmpty()); diff != "" || err != nil {
			t.Errorf("%v\n%s", err, diff)
		}
	})
}

func TestAFileOfAnyNameIsImported(t *testing.T) {
	for _, name := range []string{"plain.mp4", "ümläut <&>\u2028.mp4", "a\nb\u202e.mp4", "latin-1 \xfc.mp4", "\xff\xfe", `quo"te\`} {
		t.Run(strconv.Quote(name), func(t *testing.T) {
			folder := t.TempDir()
			s, _ := faulty(t, t.TempDir(), &Options{ImportFolders: []string{folder}})
			path := filepath.Join(folder, name)
			if err := os.WriteFile(path, []byte(name), 0o600); err != nil {
				t.Skipf("this file system takes no file of this name: %v", err)
			}
			if _, err := s.Import(t.Context(), "a", path); err != nil {
				t.Fatal(err)
			}
			if got, err := read(t.Context(), s, "a"); got != name || err != nil {
				t.Errorf("it reads %q, %v", got, err)
			}
		})
	}
}

func TestAnUploadThatLooksLikeAnImportIsAnUpload(t *testing.T) {
	folder := t.TempDir()
	s, _ := faulty(t, t.TempDir(), &Options{ImportFolders: []string{folder}})
	source := writeSource(t, folder, "secret")
	if _, err := s.Import(t.Context(), "a/import", source); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dirOf(t, s), importName("a/import")))
	if err != nil {
		t.Fatal(err)
	}
	if err := started(t, s, string(text)).Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, err := read(t.Context(), s, faultKey); got != string(text) || err != nil {
		t.Errorf("the upload reads %q, %v", got, err)
	}
}

func TestADamagedReferenceIsReported(t *testing.T) {
	for _, text := range []string{
		"", "{", `{"streamgate_import":9,"path":"/x"}`, `{"streamgate_import":1}`, `{"streamgate_import":1,"path":"/x","size":-1}`,
	} {
		s, _ := faulty(t, t.TempDir(), nil)
		plant(t, s, "a", text)
		if _, err := s.Stat(t.Context(), "a"); !errors.Is(err, storage.ErrChanged) || errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("%q: %v", text, err)
		}
		if _, err := s.Open(t.Context(), "a"); !errors.Is(err, storage.ErrChanged) {
			t.Errorf("%q: %v", text, err)
		}
		for _, err := range s.List(t.Context(), "") {
			if !errors.Is(err, storage.ErrChanged) {
				t.Errorf("%q: listing: %v", text, err)
			}
		}
		if err := s.Delete(t.Context(), "a"); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// A reference is data, too: it leads nowhere but into an import folder.
func TestAReferenceToAnotherPlaceIsNotFollowed(t *testing.T) {
	folder, outside := t.TempDir(), t.TempDir()
	source := writeSource(t, outside, "secret")
	s, _ := faulty(t, t.TempDir(), &Options{ImportFolders: []string{folder}})
	info, err := os.Stat(source)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{source, filepath.Join(folder, "..", filepath.Base(outside), "source.mp4"), folder} {
		text, err := json.Marshal(refer(path, info))
		if err != nil {
			t.Fatal(err)
		}
		plant(t, s, "a", string(text))
		if got, err := read(t.Context(), s, "a"); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("%s: %q, %v", path, got, err)
		}
	}
}

func TestAnImportWhoseFolderIsNoLongerGivenIsNotFound(t *testing.T) {
	folder, dir := t.TempDir(), t.TempDir()
	source := writeSource(t, folder, first)
	s, _ := faulty(t, dir, &Options{ImportFolders: []string{folder}})
	if _, err := s.Import(t.Context(), "a", source); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		folders []string
		want    error
	}{{nil, storage.ErrNotFound}, {[]string{filepath.Dir(folder)}, nil}, {[]string{filepath.Dir(folder), folder}, nil}} {
		s, _ = faulty(t, dir, &Options{ImportFolders: c.folders})
		if _, err := s.Stat(t.Context(), "a"); !errors.Is(err, c.want) {
			t.Errorf("with %q: %v", c.folders, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// plant puts a reference there that this package did not write.
func plant(t *testing.T, s *Store, key, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dirOf(t, s), importName(key)), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func dirOf(t *testing.T, s *Store) string {
	t.Helper()
	return filepath.Dir(s.lock.Name())
}
