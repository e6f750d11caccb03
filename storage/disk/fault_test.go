package disk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"testing"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/storage"
)

var diskFaults = []struct {
	errno syscall.Errno
	want  error
}{
	{syscall.ENOSPC, storage.ErrFull},
	{syscall.EIO, storage.ErrUnavailable},
	{syscall.EDQUOT, storage.ErrFull},
	{syscall.EROFS, storage.ErrUnavailable},
	{syscall.EMFILE, storage.ErrUnavailable},
}

const (
	faultKey = "a/b/c"
	first    = "what is acknowledged; "
	second   = "what is not"
)

// everyStep runs a test with the first step failing, then with the second and
// so on until none was left to fail: alone and with all that follow it.
func everyStep(t *testing.T, run func(t *testing.T, at int, onward bool, errno syscall.Errno, want error) (hit bool)) {
	t.Helper()
	for _, f := range diskFaults[:2] { // the other numbers differ in their kind alone
		for _, onward := range []bool{false, true} {
			t.Run(fmt.Sprintf("%v, onward %v", f.errno, onward), func(t *testing.T) {
				at := 1
				for run(t, at, onward, f.errno, f.want) {
					if at++; at > 200 {
						t.Fatal("no end")
					}
				}
				if at < 5 {
					t.Fatalf("only %d steps: nothing was tested", at)
				}
			})
		}
	}
}

func wantKind(t *testing.T, f *faultFS, err, want error) {
	t.Helper()
	var p *problem.Error
	if err != nil && (!errors.Is(err, want) || !errors.As(err, &p) || strings.Contains(p.Detail, "/tmp")) {
		t.Errorf("with %q failing: %v, want %v", f.failed, err, want)
	}
}

// An upload meets a fault at each step in turn. The error says which kind it
// was, readers see all of it or nothing, what was acknowledged is still there,
// and once the fault is gone it goes on to its end.
func TestUploadSurvivesAFaultAtEveryStep(t *testing.T) {
	everyStep(t, func(t *testing.T, at int, onward bool, errno syscall.Errno, want error) bool {
		dir := t.TempDir()
		s, f := faulty(t, dir, nil)
		f.arm(at, onward, errno)
		acknowledged, err := uploadUntilFault(t.Context(), s)
		wantKind(t, f, err, want)
		hit, failed := f.hit(), f.failed
		f.heal()
		if hit && err == nil && !strings.HasPrefix(failed[0], "lstat drafts") && !strings.HasPrefix(failed[0], "remove drafts") {
			t.Errorf("%q failed and nobody was told", failed)
		}
		wantWholeOrNothing(t, s, failed)
		if err := resume(t.Context(), s, acknowledged); err != nil {
			t.Errorf("with %q having failed, resuming: %v", failed, err)
		}
		wantFinished(t, s, dir, failed)
		return hit
	})
}

// uploadUntilFault returns how many bytes were acknowledged.
func uploadUntilFault(ctx context.Context, s *Store) (n int64, err error) {
	d, err := s.Create(ctx, faultKey)
	if err != nil {
		return 0, err
	}
	defer func() {
		// What is only closed is not acknowledged: its error is of no interest.
		_ = d.Close()
	}()
	if _, err := io.WriteString(d, first); err != nil {
		return 0, err
	}
	if err := d.Sync(); err != nil {
		return 0, err
	}
	if _, err := io.WriteString(d, second); err != nil {
		return int64(len(first)), err
	}
	return int64(len(first)), d.Commit(ctx)
}

func wantWholeOrNothing(t *testing.T, s *Store, failed []string) {
	t.Helper()
	listed := 0
	for range s.List(t.Context(), "") {
		listed++
	}
	text, err := read(t.Context(), s, faultKey)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		if listed != 0 {
			t.Errorf("with %q having failed, it is listed and cannot be opened", failed)
		}
	case err != nil || text != first+second || listed != 1:
		t.Errorf("with %q having failed, readers see %q (%v), and %d are listed", failed, text, err, listed)
	}
}

func read(ctx context.Context, s *Store, key string) (string, error) {
	b, err := s.Open(ctx, key)
	if err != nil {
		return "", err
	}
	defer b.Close()
	text, err := io.ReadAll(io.NewSectionReader(b, 0, b.Info().Size))
	return string(text), err
}

// resume does what an upload handler does when its client comes back.
func resume(ctx context.Context, s *Store, acknowledged int64) error {
	if _, err := s.Stat(ctx, faultKey); err == nil {
		return nil
	}
	d, err := s.Append(ctx, faultKey)
	if errors.Is(err, storage.ErrNotFound) && acknowledged == 0 {
		d, err = s.Create(ctx, faultKey)
	}
	if err != nil {
		return err
	}
	defer d.Close()
	if d.Size() < acknowledged {
		return fmt.Errorf("%d bytes are there, %d were acknowledged", d.Size(), acknowledged)
	}
	// Nothing is cut off: what is counted in Size must be right as well.
	if _, err := io.WriteString(d, (first + second)[d.Size():]); err != nil {
		return err
	}
	return d.Commit(ctx)
}

// wantFinished looks with the eyes of the next process, too.
func wantFinished(t *testing.T, s *Store, dir string, failed []string) {
	t.Helper()
	for range 2 {
		if text, err := read(t.Context(), s, faultKey); err != nil || text != first+second {
			t.Errorf("with %q having failed, the blob reads %q, %v", failed, text, err)
		}
		for info := range s.Drafts(t.Context(), "") {
			t.Errorf("with %q having failed, a draft is left: %+v", failed, info)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		s, _ = faulty(t, dir, nil)
	}
}

func TestDeleteSurvivesAFaultAtEveryStep(t *testing.T) {
	everyStep(t, func(t *testing.T, at int, onward bool, errno syscall.Errno, want error) bool {
		s, f := faulty(t, t.TempDir(), nil)
		if err := resume(t.Context(), s, 0); err != nil {
			t.Fatal(err)
		}
		f.arm(at, onward, errno)
		err := s.Delete(t.Context(), faultKey)
		wantKind(t, f, err, want)
		hit, failed := f.hit(), f.failed
		f.heal()
		wantWholeOrNothing(t, s, failed)
		if err := s.Delete(t.Context(), faultKey); err != nil {
			t.Errorf("with %q having failed, deleting again: %v", failed, err)
		}
		if _, err := s.Stat(t.Context(), faultKey); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("with %q having failed, it is still there: %v", failed, err)
		}
		return hit
	})
}

func TestImportSurvivesAFaultAtEveryStep(t *testing.T) {
	folder := t.TempDir()
	source := writeSource(t, folder, first+second)
	everyStep(t, func(t *testing.T, at int, onward bool, errno syscall.Errno, want error) bool {
		s, f := faulty(t, t.TempDir(), &Options{ImportFolders: []string{folder}})
		f.arm(at, onward, errno)
		_, err := s.Import(t.Context(), faultKey, source)
		wantKind(t, f, err, want)
		hit, failed := f.hit(), f.failed
		f.heal()
		wantWholeOrNothing(t, s, failed)
		_, statErr := s.Stat(t.Context(), faultKey)
		if !onward && (err == nil) != (statErr == nil) {
			t.Errorf("with %q having failed, Import says %v and Stat %v", failed, err, statErr)
		}
		if statErr != nil {
			if _, err := s.Import(t.Context(), faultKey, source); err != nil {
				t.Errorf("with %q having failed, importing again: %v", failed, err)
			}
		}
		if text, err := read(t.Context(), s, faultKey); err != nil || text != first+second {
			t.Errorf("with %q having failed, it reads %q, %v", failed, text, err)
		}
		return hit
	})
}

func TestReadingReportsAFaultAtEveryStep(t *testing.T) {
	for _, f := range diskFaults {
		s, fault := faulty(t, t.TempDir(), nil)
		if err := resume(t.Context(), s, 0); err != nil {
			t.Fatal(err)
		}
		fault.arm(1, true, f.errno)
		_, err := s.Open(t.Context(), faultKey)
		wantKind(t, fault, err, f.want)
		_, err = s.Stat(t.Context(), faultKey)
		wantKind(t, fault, err, f.want)
		for _, err := range s.List(t.Context(), "") {
			wantKind(t, fault, err, f.want)
		}
		if len(fault.failed) != 3 {
			t.Errorf("failed: %q", fault.failed)
		}
	}
}
