package audit

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFileIsOneChainOverRestartsAndRotations(t *testing.T) {
	dir := t.TempDir()
	f := open(t, dir, FileOptions{})
	write(t, f, "a", 3)
	must(t, f.Close())
	f = open(t, dir, FileOptions{})
	write(t, f, "b", 2)
	must(t, f.Rotate(t.Context()))
	write(t, f, "c", 1)
	must(t, f.Close())

	r, err := verifyDir(t, dir, nil)
	must(t, err)
	if r.Events != 7 || r.Seals != 7 || r.First.Seal != 1 || r.Last.File != 2 || r.Last.Seq != 7 {
		t.Errorf("%+v", r)
	}
	want := []string{"a1", "a2", "a3", "b1", "b2", "audit.rotated", "c1"}
	if diff := cmp.Diff(want, actions(t, dir)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestManyWritersShareASeal(t *testing.T) {
	dir := t.TempDir()
	f := open(t, dir, FileOptions{})
	var writers sync.WaitGroup
	for range 100 {
		writers.Go(func() { write(t, f, "x", 20) })
	}
	writers.Wait()
	must(t, f.Close())
	r, err := verifyDir(t, dir, nil)
	must(t, err)
	if r.Events != 2000 || r.Seals > 1000 {
		t.Errorf("%d events have %d seals", r.Events, r.Seals)
	}
}

func TestFileHasOneWriter(t *testing.T) {
	dir := t.TempDir()
	open(t, dir, FileOptions{})
	if _, err := OpenFile(dir, testKey, nil); !errors.Is(err, ErrInUse) {
		t.Errorf("got %v, want %v", err, ErrInUse)
	}
}

func TestFileRotatesBySizeAndKeepsSoMany(t *testing.T) {
	dir := t.TempDir()
	f := open(t, dir, FileOptions{MaxSize: 2000, MaxFiles: 3})
	write(t, f, "x", 30)
	must(t, f.Close())
	files, err := Files(dir)
	must(t, err)
	if len(files) != 3 {
		t.Errorf("%d files are left, want 3", len(files))
	}
	for _, name := range files {
		info, err := os.Stat(name)
		must(t, err)
		if info.Size() > 2100 {
			t.Errorf("%s has %d bytes", name, info.Size())
		}
	}
	r, err := verifyDir(t, dir, nil)
	must(t, err)
	if r.First.Seal == 1 || r.Last.Seq != 30 {
		t.Errorf("%+v", r)
	}
}

func TestOpenFileRefusesWhatCannotWork(t *testing.T) {
	dir := t.TempDir()
	for name, tt := range map[string]struct {
		o    FileOptions
		want string
	}{
		"a buffer that does not take an event": {FileOptions{Buffer: 1000}, "Buffer"},
		"a negative size":                      {FileOptions{MaxSize: -1}, "negative"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := OpenFile(dir, testKey, &tt.o); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q in it", err, tt.want)
			}
		})
	}
	if _, err := OpenFile(dir, nil, nil); err == nil {
		t.Error("no key is taken for one")
	}
	if _, err := OpenFile(dir, testKey[:10], nil); err == nil {
		t.Error("half a key is taken for one")
	}
}

// TestAFileThatIsMovedAwayStaysInTheChain is what logrotate does before it calls.
func TestAFileThatIsMovedAwayStaysInTheChain(t *testing.T) {
	dir := t.TempDir()
	f := open(t, dir, FileOptions{})
	write(t, f, "a", 2)
	moved := filepath.Join(t.TempDir(), "old.jsonl")
	must(t, os.Rename(path(dir, 1), moved))
	write(t, f, "b", 1) // into the file that was moved
	must(t, f.Rotate(t.Context()))
	write(t, f, "c", 1)
	must(t, f.Close())
	f = open(t, dir, FileOptions{})
	write(t, f, "d", 1)
	must(t, f.Close())
	r, err := Verify(t.Context(), testKeys, []string{moved, path(dir, 2)}, nil)
	must(t, err)
	if got := fmt.Sprint(r.Events, actions(t, dir)); got != "6 [audit.rotated c1 d1]" {
		t.Error(got)
	}
}

func TestOpenFileMakesItsDirectories(t *testing.T) {
	base := t.TempDir()
	dir := filepath.Join(base, "a", "b", "c")
	f := open(t, dir, FileOptions{})
	write(t, f, "a", 1)
	must(t, f.Close())
	must(t, os.WriteFile(filepath.Join(base, "file"), nil, 0o600))
	if _, err := OpenFile(filepath.Join(base, "file", "x"), testKey, nil); err == nil {
		t.Error("a file is taken for a directory")
	}
}

func TestAppendTakesOneLine(t *testing.T) {
	dir := t.TempDir()
	f := open(t, dir, FileOptions{})
	for _, l := range []string{"", "\n", "{}", "{}\n", "{}\n{}\n", "x\n", "{\n}\n", "{" + strings.Repeat("x", maxLine) + "\n"} {
		if err := f.Append(t.Context(), nil, []byte(l)); err == nil {
			t.Errorf("%.20q is taken", l)
		}
	}
	must(t, f.Close())
	if got := actions(t, dir); len(got) != 0 {
		t.Errorf("%v", got)
	}
}
