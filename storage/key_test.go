package storage_test

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/streamgate/streamgate/storage"
	"github.com/streamgate/streamgate/storage/storagetest"
)

func TestCheckKeyTakesKeys(t *testing.T) {
	for _, key := range []string{
		"a", "0", "-", "_", "a.b", "a..b", "assets/x2/source.mp4", "a/b/c/d/e/f/g/h", "com0", "com10", "nulls", "console.log", "a-nul",
		strings.Repeat("a", storage.MaxElementLen),
	} {
		if err := storage.CheckKey(key); err != nil {
			t.Errorf("%q: %v", key, err)
		}
	}
}

func TestCheckKeyRefusesTheRest(t *testing.T) {
	for _, key := range storagetest.HostileKeys {
		if err := storage.CheckKey(key); !errors.Is(err, storage.ErrInvalidKey) {
			t.Errorf("%q: %v, want ErrInvalidKey", key, err)
		}
	}
}

// FuzzCheckKey: what passes is one clean relative path on every system, below
// whatever it is joined to, and within the limits.
func FuzzCheckKey(f *testing.F) {
	for _, key := range storagetest.HostileKeys {
		f.Add(key)
	}
	f.Add("assets/x2/source.mp4")
	root, err := os.OpenRoot(f.TempDir())
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = root.Close() })
	f.Fuzz(func(t *testing.T, key string) {
		if err := storage.CheckKey(key); err != nil {
			if !errors.Is(err, storage.ErrInvalidKey) {
				t.Errorf("%q: %v", key, err)
			}
			return
		}
		if path.Clean(key) != key || path.IsAbs(key) || strings.HasPrefix(key, "..") || len(key) > storage.MaxKeyLen {
			t.Errorf("%q passes and is not a clean path", key)
		}
		if !filepath.IsLocal(filepath.FromSlash(key)) {
			t.Errorf("%q passes and leads out", key)
		}
		if strings.ContainsAny(key, "\\:*?\"<>|~ ") || strings.ToLower(key) != key {
			t.Errorf("%q passes and means another thing on Windows", key)
		}
		if _, err := root.Lstat(key); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("Lstat(%q) in an empty root: %v", key, err)
		}
	})
}

func ExampleCheckKey() {
	fmt.Println(storage.CheckKey("assets/x2/source.mp4"))
	fmt.Println(storage.CheckKey("../etc/passwd"))
	// Output:
	// <nil>
	// an element of a key neither begins nor ends with a dot: ".."
}
