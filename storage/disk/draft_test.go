package disk

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/streamgate/streamgate/storage"
)

func writeSource(t *testing.T, folder, text string) string {
	t.Helper()
	path := filepath.Join(folder, "source.mp4")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func started(t *testing.T, s *Store, text string) storage.Draft {
	t.Helper()
	d, err := s.Create(t.Context(), faultKey)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(d, text); err != nil {
		t.Fatal(err)
	}
	return d
}

func (f *faultFS) failNext(onward bool, errno syscall.Errno) { f.arm(1, onward, errno) }

func TestWritingGoesOnInTheSameDraftOnceThereIsRoom(t *testing.T) {
	for _, onward := range []bool{false, true} {
		s, f := faulty(t, t.TempDir(), nil)
		d := started(t, s, first)
		f.failNext(onward, syscall.ENOSPC)
		n, err := io.WriteString(d, "this is lost, half of it is on disk for a moment")
		if n != 0 || !errors.Is(err, storage.ErrFull) || d.Size() != int64(len(first)) {
			t.Fatalf("Write: %d, %v, Size %d", n, err, d.Size())
		}
		f.heal()
		if err := d.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		if text, err := read(t.Context(), s, faultKey); text != first || err != nil {
			t.Errorf("the blob reads %q, %v", text, err)
		}
	}
}

func TestAFailedWriteThatCannotBeUndoneIsCutOffByTheNextAppend(t *testing.T) {
	s, f := faulty(t, t.TempDir(), nil)
	d := started(t, s, first)
	f.failNext(true, syscall.EIO)
	if _, err := io.WriteString(d, second); !errors.Is(err, storage.ErrUnavailable) {
		t.Fatal(err)
	}
	if err := d.Close(); !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("Close: %v", err)
	}
	f.heal()
	for info := range s.Drafts(t.Context(), "") {
		if info.Size != int64(len(first)) {
			t.Errorf("listed with %d bytes, %d were written", info.Size, len(first))
		}
	}
	// The cut is made once: what is written after it stays.
	d, err := s.Append(t.Context(), faultKey)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(d, second[:3]); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if err := resume(t.Context(), s, int64(len(first))+3); err != nil {
		t.Fatal(err)
	}
	if text, err := read(t.Context(), s, faultKey); text != first+second || err != nil {
		t.Errorf("the blob reads %q, %v", text, err)
	}
}

func TestACutIsForgottenWithItsDraft(t *testing.T) {
	s, f := faulty(t, t.TempDir(), nil)
	d := started(t, s, "x")
	f.failNext(true, syscall.EIO)
	_, _ = d.Write([]byte("y")) // fails, as does
	_ = d.Close()
	f.heal()
	if err := s.Delete(t.Context(), faultKey); err != nil {
		t.Fatal(err)
	}
	if err := started(t, s, first).Close(); err != nil {
		t.Fatal(err)
	}
	if err := resume(t.Context(), s, int64(len(first))); err != nil {
		t.Error(err)
	}
}

func TestAFailedSyncGoesBackNoFurtherThanTheLastTruncate(t *testing.T) {
	s, f := faulty(t, t.TempDir(), nil)
	d := started(t, s, first)
	for _, err := range []error{d.Sync(), d.Truncate(3)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := io.WriteString(d, second); err != nil {
		t.Fatal(err)
	}
	f.failNext(false, syscall.EIO)
	if err := d.Sync(); !errors.Is(err, storage.ErrUnavailable) || d.Size() != 3 {
		t.Errorf("Sync: %v, Size %d", err, d.Size())
	}
}

func TestAFailedSyncIsFinalForItsDraft(t *testing.T) {
	for _, onward := range []bool{false, true} {
		s, f := faulty(t, t.TempDir(), nil)
		d := started(t, s, first)
		if err := d.Sync(); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(d, second); err != nil {
			t.Fatal(err)
		}
		f.failNext(onward, syscall.EIO)
		if err := d.Sync(); !errors.Is(err, storage.ErrUnavailable) {
			t.Fatalf("Sync: %v", err)
		}
		f.heal()
		if d.Size() != int64(len(first)) {
			t.Errorf("Size is %d, %d bytes were synced", d.Size(), len(first))
		}
		_, writeErr := d.Write([]byte("x"))
		for doing, err := range map[string]error{
			"Write": writeErr, "Sync": d.Sync(), "Truncate": d.Truncate(0), "Commit": d.Commit(t.Context()),
		} {
			if !errors.Is(err, storage.ErrUnavailable) {
				t.Errorf("%s after a failed Sync: %v", doing, err)
			}
		}
		if err := d.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		again, err := s.Append(t.Context(), faultKey)
		if err != nil {
			t.Fatal(err)
		}
		if again.Size() != int64(len(first)) {
			t.Errorf("Append finds %d bytes, %d were synced", again.Size(), len(first))
		}
		if err := again.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestACommitThatFailedIsTriedAgain(t *testing.T) {
	for _, onward := range []bool{false, true} {
		s, f := faulty(t, t.TempDir(), nil)
		d := started(t, s, first)
		if err := d.Sync(); err != nil {
			t.Fatal(err)
		}
		for at := 1; ; at++ {
			f.arm(at, onward, syscall.EIO)
			err := d.Commit(t.Context())
			failed := f.failed
			f.heal()
			if err == nil {
				break
			}
			if at > 100 {
				t.Fatalf("no end: %v", err)
			}
			// Where moving back fails too, it stays a blob: see draft.moveBack.
			if _, err := s.Stat(t.Context(), faultKey); !onward && !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("with %q having failed, it is a blob: %v", failed, err)
			}
		}
		if text, err := read(t.Context(), s, faultKey); text != first || err != nil {
			t.Errorf("the blob reads %q, %v", text, err)
		}
	}
}

func TestCommitReplacesNothing(t *testing.T) {
	dir := t.TempDir()
	s, _ := faulty(t, dir, nil)
	d := started(t, s, first)
	place := filepath.Join(dir, filepath.FromSlash(blobName(faultKey)))
	if err := os.MkdirAll(filepath.Dir(place), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(place, []byte("restored from a backup"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := d.Commit(t.Context()); !errors.Is(err, storage.ErrExists) {
		t.Errorf("Commit: %v", err)
	}
	if text, err := read(t.Context(), s, faultKey); text != "restored from a backup" || err != nil {
		t.Errorf("the blob reads %q, %v", text, err)
	}
}
