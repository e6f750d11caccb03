package disk

import (
	"errors"
	"io"
	"syscall"
	"testing"

	"github.com/streamgate/streamgate/storage"
)

// A process dies, the next one's Append meets a fault at each step in turn:
// it gives no draft then, and all of it once the fault is gone.
func TestAppendSurvivesAFaultAtEveryStep(t *testing.T) {
	everyStep(t, func(t *testing.T, at int, onward bool, errno syscall.Errno, want error) bool {
		s, f := faulty(t, t.TempDir(), nil)
		if err := started(t, s, first).Close(); err != nil {
			t.Fatal(err)
		}
		s.anchors, s.rested = anchors{}, rested{} // as the next process finds it
		f.arm(at, onward, errno)
		d, err := s.Append(t.Context(), faultKey)
		wantKind(t, f, err, want)
		hit, failed := f.hit(), f.failed
		f.heal()
		if (err != nil) != hit {
			t.Errorf("with %q having failed: %v", failed, err)
		}
		if err == nil {
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		}
		if err := resume(t.Context(), s, int64(len(first))); err != nil {
			t.Errorf("with %q having failed, appending again: %v", failed, err)
		}
		return hit
	})
}

func TestAFailedTruncateLeavesTheDraftAsItWas(t *testing.T) {
	s, f := faulty(t, t.TempDir(), nil)
	d := started(t, s, first)
	f.failNext(false, syscall.EIO)
	if err := d.Truncate(1); !errors.Is(err, storage.ErrUnavailable) || d.Size() != int64(len(first)) {
		t.Errorf("Truncate: %v, Size %d", err, d.Size())
	}
	f.heal()
	if _, err := io.WriteString(d, second); err != nil {
		t.Fatal(err)
	}
	if err := d.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if text, err := read(t.Context(), s, faultKey); text != first+second || err != nil {
		t.Errorf("the blob reads %q, %v", text, err)
	}
}

func TestWhatIsKnownToBeDurableTakesBoundedMemory(t *testing.T) {
	var a anchors
	for i := range 3 * anchorLimit {
		a.add(string(rune('a'+i%26)) + string(rune(0x4e00+i)))
	}
	if len(a.m) > anchorLimit {
		t.Errorf("%d names are remembered", len(a.m))
	}
}
