package ffmpeg_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// A far file is fetched in two halves, the second once it may come.
type far struct {
	ffmpeg.Remote

	text    string
	fetched atomic.Int32 // how often
	given   atomic.Int32 // how often in vain
	may     chan struct{}
}

func newFar(id string, size int) *far {
	f := &far{text: strings.Repeat(id, size)[:size], may: make(chan struct{})}
	f.Remote = ffmpeg.Remote{ID: id, Size: int64(size), Fetch: f.fetch}
	return f
}

// near is one that comes at once.
func near(id string, size int) *far {
	f := newFar(id, size)
	close(f.may)
	return f
}

func (f *far) fetch(ctx context.Context, dst io.Writer) error {
	f.fetched.Add(1)
	if _, err := io.WriteString(dst, f.text[:len(f.text)/2]); err != nil {
		return err
	}
	select {
	case <-f.may:
	case <-ctx.Done():
		f.given.Add(1)
		return ctx.Err()
	}
	_, err := io.WriteString(dst, f.text[len(f.text)/2:])
	return err
}

// wantFetched compares how often a file was fetched.
func (f *far) wantFetched(t *testing.T, want int32) {
	t.Helper()
	if n := f.fetched.Load(); n != want {
		t.Errorf("it was fetched %d times, want %d", n, want)
	}
}

// copyOf returns a copy that has to be there.
func copyOf(t *testing.T, r *ffmpeg.Runner, f *far) *ffmpeg.Copy {
	t.Helper()
	c, err := r.Copy(t.Context(), f.Remote)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(c.Path); err != nil || string(got) != f.text {
		t.Fatalf("the copy has %d bytes: %v", len(got), err)
	}
	return c
}

// wantCopies compares the number of files of copies below a directory.
func wantCopies(t *testing.T, dir string, want int) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "runs-*", "copy-*"))
	if err != nil || len(found) != want {
		t.Errorf("copies are %q, want %d (%v)", found, want, err)
	}
}

// asked asks for a copy in the background.
func asked(ctx context.Context, r *ffmpeg.Runner, f *far) <-chan error {
	done := make(chan error, 1)
	go func() {
		c, err := r.Copy(ctx, f.Remote)
		if err == nil {
			c.Close()
		}
		done <- err
	}()
	return done
}

func TestACopyIsFetchedOnceAndGoesAWhileAfterItsLastUser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		r := newRunnerIn(t, dir, &ffmpeg.Options{Keep: time.Minute})
		f := newFar("film", 1000)
		first, second := asked(t.Context(), r, f), asked(t.Context(), r, f)
		synctest.Wait()
		wantCopies(t, dir, 1)
		close(f.may)
		if err := errors.Join(<-first, <-second); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute - 1)
		c, d := copyOf(t, r, f), copyOf(t, r, f)
		if c.Path != d.Path {
			t.Errorf("two copies: %s and %s", c.Path, d.Path)
		}
		f.wantFetched(t, 1)
		c.Close()
		c.Close() // does nothing
		time.Sleep(time.Hour)
		wantCopies(t, dir, 1) // d
		d.Close()
		time.Sleep(time.Minute - 1)
		wantCopies(t, dir, 1)
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		wantCopies(t, dir, 0)
		copyOf(t, r, f).Close()
		f.wantFetched(t, 2)
	})
}

func TestACopyThatNobodyWaitsForIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		r := newRunnerIn(t, dir, nil)
		f := newFar("film", 1000)
		one, endOne := context.WithCancel(t.Context())
		two, endTwo := context.WithCancel(t.Context())
		defer endTwo()
		first, second := asked(one, r, f), asked(two, r, f)
		synctest.Wait()
		endOne()
		if err := <-first; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		synctest.Wait()
		if f.given.Load() != 0 {
			t.Error("it was given up, and somebody waits")
		}
		endTwo()
		if err := <-second; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		synctest.Wait()
		if f.given.Load() != 1 {
			t.Error("it was not given up")
		}
		wantCopies(t, dir, 0)
		close(f.may)
		copyOf(t, r, f).Close()
		f.wantFetched(t, 2)
	})
}

func TestACopyThatIsWholeWhenNobodyWaitsForItIsNotLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		r := newRunnerIn(t, dir, nil)
		f := newFar("film", 1000)
		f.Fetch = func(_ context.Context, dst io.Writer) error {
			_, err := io.WriteString(dst, f.text)
			<-f.may // whoever has ended meanwhile
			return err
		}
		ctx, end := context.WithCancel(t.Context())
		first := asked(ctx, r, f)
		synctest.Wait()
		end()
		if err := <-first; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		close(f.may)
		synctest.Wait()
		wantCopies(t, dir, 0)
	})
}

func TestACopyThatCannotBeFetchedIsNotThere(t *testing.T) {
	gone := errors.New("the store is gone")
	cases := []struct {
		name  string
		write string // of a file of ten bytes
		err   error
		want  error
	}{
		{"it breaks", "01234", gone, gone},
		{"it breaks at its end", "0123456789", gone, gone},
		{"it is shorter than it says", "01234", nil, ffmpeg.ErrCopy},
		{"it is longer than it says", "0123456789a", nil, ffmpeg.ErrCopy},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			r := newRunnerIn(t, dir, nil)
			f := ffmpeg.Remote{ID: "film", Size: 10, Fetch: func(_ context.Context, dst io.Writer) error {
				_, _ = io.WriteString(dst, c.write) // what is refused is remembered
				return c.err
			}}
			if _, err := r.Copy(t.Context(), f); !errors.Is(err, c.want) {
				t.Errorf("the error is %v, want %v", err, c.want)
			}
			wantCopies(t, dir, 0)
			copyOf(t, r, near("film", 10)).Close() // nothing of it is remembered
		})
	}
}

func TestWhatIsNoFileHasNoCopy(t *testing.T) {
	r := newRunner(t, nil)
	fetch := func(context.Context, io.Writer) error { return nil }
	for _, f := range []ffmpeg.Remote{{Size: 1, Fetch: fetch}, {ID: "a", Fetch: fetch}, {ID: "a", Size: 1}} {
		if _, err := r.Copy(t.Context(), f); !errors.Is(err, ffmpeg.ErrCopy) {
			t.Errorf("%+v: %v", f, err)
		}
	}
}

func TestCopiesHaveTheirRoomAndNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		r := newRunnerIn(t, dir, &ffmpeg.Options{Bytes: 1000, Free: -1, Keep: time.Hour})
		_, err := r.Copy(t.Context(), near("huge", 1000).Remote)
		if e := wantClass(t, err, ffmpeg.DiskFull, "the file has 1000 bytes, and all runs together may have 1000 bytes"); e.Retry() {
			t.Error("it is not tried again")
		}
		a, b := near("a", 400), near("b", 400)
		first, second := copyOf(t, r, a), copyOf(t, r, b)
		busy := func(f *far, when string) {
			t.Helper()
			if _, err := r.Copy(t.Context(), f.Remote); !errors.Is(err, ffmpeg.ErrBusy) || !strings.Contains(err.Error(), "800 bytes of 1000") {
				t.Errorf("%s: %v", when, err)
			}
		}
		c := near("c", 300)
		busy(c, "both are used")
		second.Close()
		busy(c, "one was used a moment ago")
		time.Sleep(time.Second)
		first.Close()
		time.Sleep(4 * time.Second)
		copyOf(t, r, c).Close() // b was used five seconds ago, and a four
		wantCopies(t, dir, 2)
		copyOf(t, r, a).Close()
		a.wantFetched(t, 1)
		b.wantFetched(t, 1)
		c.wantFetched(t, 1)
	})
}

func TestACopyOnItsWayHasItsRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRunnerIn(t, t.TempDir(), &ffmpeg.Options{Bytes: 1000, Free: -1})
		f := newFar("film", 600)
		first := asked(t.Context(), r, f)
		synctest.Wait()
		if _, err := r.Copy(t.Context(), near("another", 600).Remote); !errors.Is(err, ffmpeg.ErrBusy) {
			t.Error(err)
		}
		close(f.may)
		if err := <-first; err != nil {
			t.Error(err)
		}
	})
}

func TestARunAndItsCopyShareTheRoom(t *testing.T) {
	dir := t.TempDir()
	o := fake(t, "head -c 300 /dev/zero > out.ts")
	o.Bytes, o.Free, o.Read = 1000, -1, append(o.Read, "/dev/zero")
	r := newRunnerIn(t, dir, o)
	used := copyOf(t, r, near("used", 400))
	copyOf(t, r, near("idle", 500)).Close()
	run := func() *ffmpeg.Result {
		t.Helper()
		result, err := r.Run(t.Context(), endless())
		if err != nil {
			t.Fatal(err)
		}
		return result
	}
	first, second := run(), run() // the second begins beyond all room
	wantCopies(t, dir, 1)
	if err := errors.Join(first.Close(), second.Close()); err != nil {
		t.Error(err)
	}
	used.Close()
}

func TestTheCopiesOfARunnerGoWithIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		r := newRunnerIn(t, dir, nil)
		kept := copyOf(t, r, near("kept", 100))
		copyOf(t, r, near("idle", 100)).Close()
		f := newFar("film", 1000)
		coming := asked(t.Context(), r, f)
		synctest.Wait()
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if err := <-coming; !errors.Is(err, ffmpeg.ErrClosed) {
			t.Error(err)
		}
		wantDirs(t, dir)
		kept.Close()
		if _, err := r.Copy(t.Context(), f.Remote); !errors.Is(err, ffmpeg.ErrClosed) {
			t.Error(err)
		}
	})
}

// TestRunsOfOneCopyReadItAtOnce has each begin at the beginning, whatever others read.
func TestRunsOfOneCopyReadItAtOnce(t *testing.T) {
	r := shared(t)
	in := clip(t)
	whole, err := os.ReadFile(in.Path)
	if err != nil {
		t.Fatal(err)
	}
	c, err := r.Copy(t.Context(), ffmpeg.Remote{ID: t.Name(), Size: int64(len(whole)), Fetch: func(_ context.Context, dst io.Writer) error {
		_, err := io.Copy(dst, bytes.NewReader(whole))
		return err
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	in.Path = c.Path
	var frames []int64
	results := make(chan *ffmpeg.Result)
	for range 3 {
		go func() {
			result, err := r.Run(t.Context(), &ffmpeg.Command{Inputs: []ffmpeg.Input{in}, Outputs: []ffmpeg.Output{{Args: []string{"-map", "0:v"}}}})
			if err != nil {
				t.Error(err)
				result = &ffmpeg.Result{}
			}
			results <- result
		}()
	}
	for range 3 {
		result := <-results
		frames = append(frames, result.Progress.Frame)
		if result.Dir != "" {
			_ = result.Close()
		}
	}
	if frames[0] == 0 || len(slices.Compact(frames)) != 1 {
		t.Errorf("runs came to the frames %v", frames)
	}
}
