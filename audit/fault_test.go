package audit

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"testing"
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
