package audit

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestNoWaitWritesTogetherAfterTheDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemFS()
		f, err := openMem(t, m, FileOptions{NoWait: true})
		must(t, err)
		write(t, f, "a", 5)
		time.Sleep(99 * time.Millisecond)
		synctest.Wait()
		if got := m.actions(t); len(got) != 0 {
			t.Errorf("already written: %v", got)
		}
		time.Sleep(time.Millisecond)
		synctest.Wait()
		r, err := verify(t.Context(), testKeys, m.sources(), nil)
		must(t, err)
		if r.Events != 5 || r.Seals != 1 {
			t.Errorf("%+v", r)
		}
		write(t, f, "b", 1)
		must(t, f.Sync(t.Context())) // waits for no delay
		if got := m.actions(t); len(got) != 6 {
			t.Errorf("%v", got)
		}
		must(t, f.Sync(t.Context()))
		write(t, f, "c", 1)
		must(t, f.Close())
		if got := m.actions(t); len(got) != 7 {
			t.Errorf("%v", got)
		}
	})
}

// TestNoWaitKeepsWhatItTookWhileTheDiskIsBroken loses nothing that was taken, and
// takes nothing more until the disk is mended.
func TestNoWaitKeepsWhatItTookWhileTheDiskIsBroken(t *testing.T) {
	for _, op := range []string{"create", "write", "sync", "syncdir"} {
		t.Run(op, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemFS()
				m.arm(1, true, syscall.ENOSPC, op)
				f, err := openMem(t, m, FileOptions{NoWait: true})
				must(t, err)
				write(t, f, "a", 3)
				time.Sleep(150 * time.Millisecond)
				synctest.Wait()
				for _, p := range []Policy{Refuse, Block} {
					ctx, cancel := context.WithTimeout(t.Context(), time.Second)
					if err := newLog(t, p, f).Record(ctx, Event{Action: "no"}); !errors.Is(err, ErrUnavailable) || !errors.Is(err, syscall.ENOSPC) {
						t.Errorf("got %v", err)
					}
					cancel()
				}
				dropping := newLog(t, Drop, f)
				must(t, dropping.Record(t.Context(), Event{Action: "no"}))
				m.mend()
				time.Sleep(6 * time.Second)
				must(t, dropping.Record(t.Context(), Event{Action: "b"}))
				must(t, f.Close())
				if diff := cmp.Diff([]string{"a1", "a2", "a3", "b", "audit.dropped"}, m.actions(t)); diff != "" {
					t.Errorf("-want +got:\n%s", diff)
				}
				if _, err := verify(t.Context(), testKeys, m.sources(), nil); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestNoWaitSaysAtCloseWhatIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemFS()
		m.arm(1, true, errIO, "sync")
		f, err := openMem(t, m, FileOptions{NoWait: true})
		must(t, err)
		write(t, f, "a", 3)
		time.Sleep(time.Second)
		if err := f.Close(); !errors.Is(err, syscall.EIO) || !strings.Contains(err.Error(), "not written") {
			t.Errorf("got %v", err)
		}
		must(t, f.Close())
	})
}

func TestBufferIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemFS()
		f, err := openMem(t, m, FileOptions{NoWait: true, Delay: time.Hour, Buffer: minBuffer})
		must(t, err)
		m.arm(1, true, errIO, "")
		one := line(strings.Repeat("x", 1000))
		n := 0
		for err == nil && n < 1000 {
			err = f.Append(t.Context(), nil, one)
			n++
		}
		if !errors.Is(err, errBehind) || n*len(one) > minBuffer+len(one) {
			t.Errorf("after %d: %v", n, err)
		}
		m.mend()
		must(t, f.Sync(t.Context()))
		must(t, f.Append(t.Context(), nil, one))
		must(t, f.Close())
	})
}

func TestAppendEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	f := open(t, t.TempDir(), FileOptions{})
	err := f.Append(ctx, nil, line("a"))
	if err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestAppendAndRotateFailAfterClose(t *testing.T) {
	f := open(t, t.TempDir(), FileOptions{})
	must(t, f.Close())
	_, err := f.Search(t.Context(), Query{})
	for i, err := range []error{f.Append(t.Context(), nil, line("a")), f.Rotate(t.Context()), err} {
		if !errors.Is(err, errClosed) {
			t.Errorf("%d: got %v", i, err)
		}
	}
}

func TestFileRotatesByAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemFS()
		o := FileOptions{MaxAge: time.Hour}
		f, err := openMem(t, m, o)
		must(t, err)
		write(t, f, "a", 1)
		time.Sleep(59 * time.Minute)
		must(t, f.Close())
		f, err = openMem(t, m, o) // the age is that of the file, not of the process
		must(t, err)
		write(t, f, "b", 1)
		time.Sleep(time.Minute)
		write(t, f, "c", 1)
		must(t, f.Close())
		if got := fmt.Sprint(actionsOf(t, m.now[fileName(1)].data), actionsOf(t, m.now[fileName(2)].data)); got != "[a1 b1] [c1]" {
			t.Error(got)
		}
		if _, err := verify(t.Context(), testKeys, m.sources(), nil); err != nil {
			t.Error(err)
		}
	})
}

// TestCheckpointsComeInTimeAndAtTheEnd offers the newest at most once in a while.
func TestCheckpointsComeInTimeAndAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemFS()
		begin := time.Now()
		var got []string
		fails := 1
		f, err := openMem(t, m, FileOptions{Checkpoint: func(ctx context.Context, c Checkpoint) error {
			if _, ok := ctx.Deadline(); !ok {
				t.Error("it has no deadline")
			}
			got = append(got, fmt.Sprint(time.Since(begin), " ", c.Seq))
			if fails--; fails == 0 {
				return errIO
			}
			return nil
		}})
		must(t, err)
		step := func(n int, d time.Duration) {
			write(t, f, "a", n)
			time.Sleep(d)
		}
		step(1, time.Second)   // not taken
		step(3, time.Minute)   // 4, at 1m0s
		step(1, 3*time.Minute) // 5, at 2m0s
		step(1, time.Second)   // 6, at once
		step(2, time.Second)   // 8, at Close
		must(t, f.Close())
		want := []string{"0s 1", "1m0s 4", "2m0s 5", "4m1s 6", "4m3s 8"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
}

// TestACheckpointThatWasNotTakenIsOfferedAgain although nothing new is recorded.
func TestACheckpointThatWasNotTakenIsOfferedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []uint64
		f, err := openMem(t, newMemFS(), FileOptions{Checkpoint: func(_ context.Context, c Checkpoint) error {
			if got = append(got, c.Seq); len(got) < 3 {
				return errIO
			}
			return nil
		}})
		must(t, err)
		write(t, f, "a", 1)
		time.Sleep(time.Hour)
		synctest.Wait()
		if diff := cmp.Diff([]uint64{1, 1, 1}, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		must(t, f.Close())
	})
}
