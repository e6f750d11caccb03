package audit

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
)

// acked collects what was acknowledged.
type acked struct {
	mu  sync.Mutex
	all []string
}

// run appends events by some writers until something fails or all are written.
func (a *acked) run(f *File, writers, events int, prefix string) {
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := range events {
				action := fmt.Sprintf("%s.%d.%d", prefix, w, i)
				if f.Append(context.Background(), nil, line(action)) != nil {
					return
				}
				a.mu.Lock()
				a.all = append(a.all, action)
				a.mu.Unlock()
			}
		})
	}
	all.Wait()
}

// check holds what is there to what was acknowledged, and the chain to its key.
func (a *acked) check(t *testing.T, m *memFS) {
	t.Helper()
	there := m.actions(t)
	for _, action := range a.all {
		if n := times(there, action); n != 1 {
			t.Fatalf("%s was acknowledged and is there %d times; there is %v", action, n, there)
		}
	}
	r, err := verify(context.Background(), testKeys, m.sources(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.Torn != nil {
		t.Fatalf("the end is torn: %+v", r.Torn)
	}
}

func times(all []string, one string) (n int) {
	for _, s := range all {
		if s == one {
			n++
		}
	}
	return n
}

// TestPowerCutLosesNothingAcknowledged cuts the power at every step that changes
// something on the disk, forgets what was not synced in every way that a file
// system may, and goes on from there.
func TestPowerCutLosesNothingAcknowledged(t *testing.T) {
	for _, writers := range []int{1, 4} {
		for how := range leavings {
			t.Run(fmt.Sprintf("writers=%d leavings=%d", writers, how), func(t *testing.T) {
				for steps := 1; ; steps++ {
					if testing.Short() && steps%3 != how%3 {
						t.Attr("short", "every third step")
						continue
					}
					if !cutAt(t, steps, writers, how) {
						t.Logf("cut at each of %d steps", steps)
						break
					}
				}
			})
		}
	}
}

// cutAt cuts the power at a step, and says whether there was that step.
func cutAt(t *testing.T, steps, writers, how int) bool {
	t.Helper()
	options := FileOptions{MaxSize: 2500, MaxFiles: 50}
	m := newMemFS()
	m.arm(steps, true, errIO, "")
	a := new(acked)
	f, err := openMem(t, m, options)
	if err == nil {
		a.run(f, writers, 12, "before")
		_ = f.Close()
	}
	cut := m.hits() > 0

	// The power fails again while what the first failure left is cleared up.
	m = m.afterCut(how, uint64(steps))
	m.arm(1+steps%3, true, errIO, "")
	if f, err = openMem(t, m, options); err == nil {
		a.run(f, writers, 1, "between")
		_ = f.Close()
	}
	m = m.afterCut(how, uint64(steps)+1)
	f, err = openMem(t, m, options)
	if err != nil {
		t.Fatalf("cut at step %d: %v", steps, err)
	}
	a.run(f, writers, 5, "after")
	must(t, f.Close())
	a.check(t, m)
	if n := writers * 5; !slices.ContainsFunc(a.all, func(s string) bool { return s == fmt.Sprintf("after.%d.4", writers-1) }) || len(a.all) < n {
		t.Fatalf("cut at step %d, it does not go on: %v", steps, a.all)
	}
	return cut
}
