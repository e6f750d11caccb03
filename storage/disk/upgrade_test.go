package disk_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/storage/disk"
)

func TestADirectoryOfTheLayoutOfBeforeIsUpgraded(t *testing.T) {
	long := strings.TrimSuffix(strings.Repeat(strings.Repeat("long", 25)+"/", 4), "/")
	for name, files := range map[string]map[string]string{
		"whole": {
			"blobs/assets/a1/u1/source": "assets/a1/u1/source", "blobs/assets/a1/u1/index": "assets/a1/u1/index",
			"blobs/single": "single", "blobs/parts/p1/source": "parts/p1/source", "blobs/" + long: long,
			"drafts/assets+a2+u2+source": "assets/a2/u2/source", "drafts/" + long + "x": long + "x",
		},
		"half-way": {
			"blobs~1/assets/a1/u1/source": "assets/a1/u1/source", "blobs/assets/a/a1+u1+index": "assets/a1/u1/index",
			"blobs~1/single": "single", "blobs/parts/p/p1+source": "parts/p1/source", "blobs~1/" + long: long,
			"drafts/assets+a2+u2+source": "assets/a2/u2/source", "drafts/" + long + "x": long + "x",
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write := func(name, text string) {
				t.Helper()
				name = filepath.Join(dir, filepath.FromSlash(name))
				if err := os.MkdirAll(filepath.Dir(name), 0o750); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			write("FORMAT", "streamgate disk 1\n")
			for file, key := range files {
				write(file, key) // a file holds its key
			}
			for range 2 { // the second time there is nothing to do
				wantBlobsThatHoldTheirKeys(t, dir, "assets/a1/u1/index", "assets/a1/u1/source", long, "parts/p1/source", "single")
			}
			if left, _ := filepath.Glob(filepath.Join(dir, "blobs~1")); len(left) > 0 {
				t.Errorf("%q is left", left)
			}
			if text, err := os.ReadFile(filepath.Join(dir, "FORMAT")); string(text) != "streamgate disk 2\n" {
				t.Errorf("FORMAT is %q, %v", text, err)
			}
		})
	}
}

func wantBlobsThatHoldTheirKeys(t *testing.T, dir string, want ...string) {
	t.Helper()
	s, err := disk.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	var keys, drafts []string
	for info, err := range s.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		b, err := s.Open(t.Context(), info.Key)
		if err != nil {
			t.Fatal(err)
		}
		text := make([]byte, info.Size)
		if _, err := b.ReadAt(text, 0); err != nil || string(text) != info.Key {
			t.Errorf("%q holds %q, %v", info.Key, text, err)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
		keys = append(keys, info.Key)
	}
	for info, err := range s.Drafts(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		drafts = append(drafts, info.Key)
	}
	if diff := cmp.Diff(want, keys); diff != "" {
		t.Errorf("blobs (-want +got):\n%s", diff)
	}
	if len(drafts) != 2 || drafts[0] != "assets/a2/u2/source" {
		t.Errorf("drafts: %q", drafts)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// Wherever an upgrade is cut off, the next one goes on.
func TestAnUpgradeThatIsCutOffGoesOn(t *testing.T) {
	for name, cut := range map[string]func(t *testing.T, dir string){
		"before FORMAT": func(t *testing.T, dir string) { // a directory has its place, so it cannot be written
			if err := os.Mkdir(filepath.Join(dir, "FORMAT~new"), 0o750); err != nil {
				t.Fatal(err)
			}
			if _, err := disk.Open(dir); err == nil {
				t.Fatal("FORMAT was written")
			}
			if err := os.Remove(filepath.Join(dir, "FORMAT~new")); err != nil {
				t.Fatal(err)
			}
		},
		"before the old tree is gone": func(t *testing.T, dir string) {
			s, err := disk.Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if err := os.MkdirAll(filepath.Join(dir, "blobs~1", "assets", "a1"), 0o750); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, text := range map[string]string{
				"FORMAT": "streamgate disk 1\n", "blobs/assets/a1/u1/source": "assets/a1/u1/source", "blobs/single": "single",
				"drafts/assets+a2+u2+source": "", "drafts/x": "", "blobs/assets/~lock": "stray", "blobs/~x": "stray",
			} {
				file = filepath.Join(dir, filepath.FromSlash(file))
				if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			cut(t, dir)
			wantBlobsThatHoldTheirKeys(t, dir, "assets/a1/u1/source", "single")
			if _, err := os.Stat(filepath.Join(dir, "blobs~1", "assets", "a1")); err == nil {
				t.Error("the old tree is left")
			}
		})
	}
}

func TestADirectoryOfTheLayoutOfBeforeMayHaveNoBlobs(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "FORMAT"), []byte("streamgate disk 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := disk.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
