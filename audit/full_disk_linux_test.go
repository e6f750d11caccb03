package audit

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// mount mounts a file system of a MiB.
func mount(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		t.Skipf("a small disk cannot be mounted (%v); run the test as root", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// Row 29 of the list of attacks, for the log itself.
func TestFullDiskRefusesUntilThereIsRoom(t *testing.T) {
	disk := mount(t)
	dir := filepath.Join(disk, "audit")
	f := open(t, dir, FileOptions{})
	write(t, f, "a", 3)
	must(t, os.WriteFile(filepath.Join(disk, "fill"), nil, 0o600))
	fill(t, filepath.Join(disk, "fill"))
	l, refused := newLog(t, Refuse, f), 0
	for range 100 {
		if err := l.Record(t.Context(), Event{Action: "b"}); err != nil {
			refused++
			if !errors.Is(err, ErrUnavailable) || !errors.Is(err, syscall.ENOSPC) {
				t.Fatal(err)
			}
		}
	}
	if refused < 50 {
		t.Fatalf("only %d are refused", refused)
	}
	must(t, os.Remove(filepath.Join(disk, "fill")))
	write(t, f, "c", 2)
	must(t, f.Close())
	r, err := verifyDir(t, dir, nil)
	must(t, err)
	if want := uint64(3 + 100 - refused + 2); r.Events != want || r.Torn != nil || r.Abandoned != 0 || r.First.File != r.Last.File {
		t.Errorf("%+v, want %d events", r, want)
	}
}

func fill(t *testing.T, name string) {
	t.Helper()
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0)
	must(t, err)
	defer f.Close()
	for _, n := range []int{4096, 1} {
		for err = nil; err == nil; {
			_, err = f.Write(bytes.Repeat([]byte("x"), n))
		}
	}
}

func TestReadOnlyDiskRefuses(t *testing.T) {
	disk := mount(t)
	f := open(t, disk, FileOptions{MaxSize: 1})
	write(t, f, "a", 1)
	must(t, f.Close())
	if err := syscall.Mount("", disk, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Skipf("it cannot be remounted (%v); run the test as root", err)
	}
	if _, err := OpenFile(disk, testKey, nil); !errors.Is(err, syscall.EROFS) {
		t.Errorf("got %v", err)
	}
	if r, err := verifyDir(t, disk, nil); err != nil || r.Events != 1 {
		t.Errorf("%+v, %v", r, err)
	}
}
