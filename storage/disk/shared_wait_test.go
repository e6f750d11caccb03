//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package disk_test

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"github.com/streamgate/streamgate/storage"
	"github.com/streamgate/streamgate/storage/disk"
)

// TestAProcessThatIsStoppedKeepsOthersFromItsNamesForAWhile has somebody hold all the
// locks of names, as a process that is stopped holds one: who waits for it is told so,
// instead of waiting as long, and the Store can be closed.
func TestAProcessThatIsStoppedKeepsOthersFromItsNamesForAWhile(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := openShared(t, dir)
		d, err := s.Create(t.Context(), "left/open/here")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.Write([]byte("some")); err != nil {
			t.Fatal(err)
		}
		letGo := holdNames(t, dir)
		if _, err := s.Create(t.Context(), "x/y/z"); !errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("Create: %v", err)
		}
		if err := s.Delete(t.Context(), "x/y/z"); !errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("Delete: %v", err)
		}
		if err := d.Commit(t.Context()); !errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("Commit: %v", err)
		}
		letGo()
		if err := d.Commit(t.Context()); err != nil {
			t.Errorf("Commit once it goes on: %v", err)
		}
		if _, err := s.Create(t.Context(), "x/y/z"); err != nil {
			t.Errorf("Create once it goes on: %v", err)
		}
		holdNames(t, dir)
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestAProcessThatIsStoppedWhileItOpensKeepsOthersOutForAWhile has somebody stop within
// opening: others hear who that is, and can open once it is gone.
func TestAProcessThatIsStoppedWhileItOpensKeepsOthersOutForAWhile(t *testing.T) {
	dir := t.TempDir()
	first := openShared(t, dir) // which has let go of the gate
	synctest.Test(t, func(t *testing.T) {
		gate, err := os.OpenFile(filepath.Join(dir, "locks", "open"), os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer gate.Close()
		if err := unix.Flock(int(gate.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
			t.Fatal(err)
		}
		if _, err := gate.WriteAt([]byte("4711\n"), 0); err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		s, err := disk.OpenWith(dir, &disk.Options{Shared: true})
		if !errors.Is(err, disk.ErrInUse) || !strings.Contains(err.Error(), "process 4711") {
			t.Errorf("%v, %v", s, err)
		}
		if waited := time.Since(begun); waited < time.Minute {
			t.Errorf("it waited no longer than %v", waited)
		}
		if _, err := first.Create(t.Context(), "x/y/z"); err != nil {
			t.Errorf("who has it open is kept from it: %v", err)
		}
		go func() {
			<-time.After(time.Second)
			_ = gate.Close()
		}()
		if s, err = disk.OpenWith(dir, &disk.Options{Shared: true}); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

// holdNames has all the locks of names until the test ends, or what it returns is called.
func holdNames(t *testing.T, dir string) (letGo func()) {
	t.Helper()
	var held []*os.File
	for i := range 64 {
		f, err := os.OpenFile(filepath.Join(dir, "locks", strconv.Itoa(i)), os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Close() })
		if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
			t.Fatal(err)
		}
		held = append(held, f)
	}
	return func() {
		for _, f := range held {
			_ = f.Close()
		}
	}
}

// TestADraftIsFreeOnceItIsClosedWhateverIsBeingStarted holds a draft's file as a program
// does between fork and exec.
func TestADraftIsFreeOnceItIsClosedWhateverIsBeingStarted(t *testing.T) {
	dir := t.TempDir()
	a, b := openShared(t, dir), openShared(t, dir)
	d, err := a.Create(t.Context(), "x/y/z")
	if err != nil {
		t.Fatal(err)
	}
	forked := forkFile(t, filepath.Join(dir, "drafts"))
	defer unix.Close(forked)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := b.Append(t.Context(), "x/y/z")
	if err != nil {
		t.Fatalf("Append of a draft that is closed: %v", err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}

// forkFile duplicates the one open file of this process below a directory.
func forkFile(t *testing.T, dir string) int {
	t.Helper()
	for fd := range 256 {
		name, err := os.Readlink("/proc/self/fd/" + strconv.Itoa(fd))
		if err != nil || !strings.HasPrefix(name, dir+string(filepath.Separator)) {
			continue
		}
		if info, err := os.Stat(name); err != nil || !info.Mode().IsRegular() {
			continue
		}
		other, err := unix.Dup(fd)
		if err != nil {
			t.Fatal(err)
		}
		return other
	}
	t.Skip("which files are open is to be seen in /proc of Linux alone")
	return -1
}
