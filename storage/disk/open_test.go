package disk_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/streamgate/streamgate/storage"
	"github.com/streamgate/streamgate/storage/disk"
)

func TestASecondProcessIsRefusedAndToldWhoHasIt(t *testing.T) {
	dir := t.TempDir()
	open(t, dir, nil)
	cmd, out := child(t, "open", dir)
	line, err := out.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("disk: %s is used by process %d: the data directory is in use true\n", dir, os.Getpid())
	if line != want {
		t.Errorf("it says %q, want %q", line, want)
	}
}

func TestASecondStoreInTheSameProcessIsRefused(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, nil)
	if _, err := disk.Open(dir); !errors.Is(err, disk.ErrInUse) || !strings.Contains(err.Error(), "this process") {
		t.Errorf("Open again: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, dir, nil)
}

func TestWhatIsNotADataDirectoryIsRefused(t *testing.T) {
	for name, prepare := range map[string]func(dir string) error{
		"a layout of a later version": func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "FORMAT"), []byte("streamgate disk 3\n"), 0o600)
		},
		"blobs of somebody else": func(dir string) error { return os.Mkdir(filepath.Join(dir, "blobs"), 0o750) },
		"a file where drafts should be": func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "drafts"), nil, 0o600)
		},
		"blobs elsewhere by a link": func(dir string) error {
			if err := os.WriteFile(filepath.Join(dir, "FORMAT"), []byte("streamgate disk 2\n"), 0o600); err != nil {
				return err
			}
			return os.Symlink(os.TempDir(), filepath.Join(dir, "blobs"))
		},
	} {
		dir := t.TempDir()
		if err := prepare(dir); err != nil {
			t.Fatal(err)
		}
		for range 2 { // and the lock is let go each time
			s, err := disk.Open(dir)
			if err == nil {
				_ = s.Close() // it should not have opened
				t.Errorf("%s: Open succeeds", name)
			} else if errors.Is(err, disk.ErrInUse) || !strings.Contains(err.Error(), dir) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	for _, dir := range []string{"", filepath.Join(os.Args[0], "below a file")} {
		if _, err := disk.Open(dir); err == nil {
			t.Errorf("Open(%q) succeeds", dir)
		}
	}
	if _, err := disk.OpenWith(t.TempDir(), &disk.Options{ImportFolders: []string{"/nowhere/at/all"}}); err == nil {
		t.Error("an import folder that is not there is taken")
	}
}

func TestOtherFilesInTheDirectoryAreLeftAlone(t *testing.T) {
	dir := t.TempDir()
	other := filepath.Join(dir, "streamgate.db")
	if err := os.WriteFile(other, []byte("SQLite"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, dir, nil)
	stray := filepath.Join(dir, "blobs", ".DS_Store")
	if err := os.WriteFile(stray, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for info, err := range s.List(t.Context(), "") {
		t.Errorf("listed: %+v, %v", info, err)
	}
	for _, path := range []string{other, stray} {
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
}

func TestWhatACrashLeftOfTheLayoutIsNoObstacle(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"FORMAT~new", "LOCK"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("4711 half of it"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	open(t, dir, nil)
}

func TestLinksOutOfTheDirectoryLeadNowhere(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "secret"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, dir, nil)
	for _, link := range []string{"blobs/d", "drafts/d"} {
		if err := os.Symlink(outside, filepath.Join(dir, link)); err != nil {
			t.Skipf("symbolic links cannot be made here (%v); on Windows, turn on developer mode", err)
		}
	}
	for _, link := range []string{"blobs/f", "drafts/f"} {
		if err := os.Symlink(filepath.Join(outside, "secret"), filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	ctx := t.Context()
	for _, key := range []string{"d/secret", "f", "d/new"} {
		_, openErr := s.Open(ctx, key)
		_, statErr := s.Stat(ctx, key)
		_, appendErr := s.Append(ctx, key)
		for doing, err := range map[string]error{"Open": openErr, "Stat": statErr, "Append": appendErr} {
			if !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("%s(%q): %v", doing, key, err)
			}
		}
		if d, err := s.Create(ctx, key); err == nil {
			t.Errorf("Create(%q) succeeds: %v", key, d.Close())
		}
		_ = s.Delete(ctx, key) // may remove the link itself
	}
	for info := range s.List(ctx, "") {
		t.Errorf("listed: %+v", info)
	}
	entries, err := os.ReadDir(outside)
	if err != nil || len(entries) != 1 {
		t.Errorf("outside there are %v, %v", entries, err)
	}
}

func TestAClosedStoreIsNotAvailable(t *testing.T) {
	s := open(t, t.TempDir(), nil)
	ctx := t.Context()
	d, err := s.Create(ctx, "open")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Write([]byte("x")); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("Write: %v", err)
	}
	if err := d.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	_, createErr := s.Create(ctx, "a")
	_, appendErr := s.Append(ctx, "open")
	_, openErr := s.Open(ctx, "a")
	_, importErr := s.Import(ctx, "a", "a")
	for doing, err := range map[string]error{
		"Create": createErr, "Append": appendErr, "Open": openErr, "Delete": s.Delete(ctx, "a"),
	} {
		if !errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("%s: %v", doing, err)
		}
	}
	if importErr == nil {
		t.Error("Import succeeds")
	}
}
