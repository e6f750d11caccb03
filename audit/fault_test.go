package audit

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestEachFaultLosesNothingAcknowledged fails every single step, and every step
// and all after it until the disk is mended.
func TestEachFaultLosesNothingAcknowledged(t *testing.T) {
	for _, onward := range []bool{false, true} {
		for _, loses := range []bool{false, true} {
			t.Run(fmt.Sprintf("onward=%v loses=%v", onward, loses), func(t *testing.T) {
				for step := 1; faultAt(t, step, onward, loses); step++ {
				}
			})
		}
	}
}

func faultAt(t *testing.T, step int, onward, loses bool) bool {
	t.Helper()
	m := newMemFS()
	m.loses = loses
	f, err := openMem(t, m, FileOptions{MaxSize: 2500})
	must(t, err)
	m.arm(step, onward, errIO, "")
	a, refused := new(acked), 0
	for i := range 20 {
		action := fmt.Sprint("a", i)
		err := f.Append(context.Background(), nil, line(action))
		if err != nil {
			refused++
			if !errors.Is(err, syscall.EIO) {
				t.Fatalf("step %d: %v does not say what is wrong", step, err)
			}
			if i > 15 {
				m.mend()
			}
			continue
		}
		a.all = append(a.all, action)
	}
	hit := m.hits() > 0 || len(m.history) > 0
	if hit && refused == 0 && !onward {
		t.Fatalf("step %d failed and nobody was told: %v", step, m.history)
	}
	m.mend()
	must(t, f.Append(context.Background(), nil, line("healed")))
	a.all = append(a.all, "healed")
	must(t, f.Close())
	r, err := verify(context.Background(), testKeys, m.sources(), nil)
	if err != nil {
		t.Fatalf("step %d (%v): %v", step, m.history, err)
	}
	if r.Abandoned == 0 {
		a.check(t, m)
	}
	// It opens again, and the chain goes on.
	f, err = openMem(t, m, FileOptions{})
	must(t, err)
	write(t, f, "again", 1)
	must(t, f.Close())
	if _, err = verify(context.Background(), testKeys, m.sources(), nil); err != nil {
		t.Fatalf("step %d: %v", step, err)
	}
	return hit || step < 5
}

// TestPoliciesWithADiskThatIsBrokenForAWhile has a writer that waits for the disk.
func TestPoliciesWithADiskThatIsBrokenForAWhile(t *testing.T) {
	for _, op := range []string{"create", "write", "sync", "syncdir"} {
		for _, p := range []Policy{Refuse, Block, Drop} {
			t.Run(fmt.Sprint(op, " ", p), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					m := newMemFS()
					m.arm(1, true, syscall.EROFS, op)
					f, err := openMem(t, m, FileOptions{})
					must(t, err)
					l := newLog(t, p, f)
					time.AfterFunc(time.Second, m.mend)
					err = l.Record(t.Context(), Event{Action: "during"})
					if refused := errors.Is(err, ErrUnavailable) && errors.Is(err, syscall.EROFS); refused != (p == Refuse) {
						t.Errorf("got %v", err)
					}
					time.Sleep(2 * time.Second)
					must(t, l.Record(t.Context(), Event{Action: "after"}))
					must(t, f.Close())
					want := map[Policy][]string{
						Refuse: {"after"}, Block: {"during", "after"}, Drop: {"after", "audit.dropped"},
					}[p]
					if diff := cmp.Diff(want, m.actions(t)); diff != "" {
						t.Errorf("-want +got:\n%s", diff)
					}
					if _, err := verify(t.Context(), testKeys, m.sources(), nil); err != nil {
						t.Error(err)
					}
				})
			})
		}
	}
}

// device is a signer that does not answer at times.
type device struct {
	ed25519.PrivateKey
	broken atomic.Bool
}

func (d *device) Sign(r io.Reader, message []byte, o crypto.SignerOpts) ([]byte, error) {
	if d.broken.Load() {
		return nil, errIO
	}
	return d.PrivateKey.Sign(r, message, o)
}

func TestASignerThatFailsRefuses(t *testing.T) {
	m := newMemFS()
	d := &device{PrivateKey: testKey}
	f, err := openFile("mem", m, d, quiet(FileOptions{}))
	must(t, err)
	write(t, f, "a", 1)
	d.broken.Store(true)
	if err := f.Append(t.Context(), nil, line("no")); !errors.Is(err, syscall.EIO) {
		t.Errorf("got %v", err)
	}
	d.broken.Store(false)
	write(t, f, "b", 1)
	must(t, f.Close())
	if diff := cmp.Diff([]string{"a1", "b1"}, m.actions(t)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if _, err := verify(t.Context(), testKeys, m.sources(), nil); err != nil {
		t.Error(err)
	}
}
