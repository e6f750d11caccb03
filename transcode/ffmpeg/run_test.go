package ffmpeg_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

func TestARunLeavesItsOutputsUntilTheyAreClosed(t *testing.T) {
	r := shared(t)
	var told []ffmpeg.Progress
	result, err := r.Run(t.Context(), &ffmpeg.Command{
		Inputs:   []ffmpeg.Input{clip(t)},
		Outputs:  []ffmpeg.Output{{Name: "out.mkv", Args: []string{"-c", "copy"}}, {Name: "small.mp4", Args: []string{"-an", "-s", "64x48"}}},
		Length:   2 * time.Second,
		Progress: func(p ffmpeg.Progress) { told = append(told, p) },
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"out.mkv", "small.mp4"} {
		if info, err := os.Stat(filepath.Join(result.Dir, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	last := result.Progress
	if len(told) == 0 || told[len(told)-1] != last || !last.Done || last.Percent != 100 || last.Frame != 50 || last.Left != 0 {
		t.Errorf("the last progress is %+v", last)
	}
	if result.CPU <= 0 || result.Elapsed <= 0 || result.Memory <= 0 {
		t.Errorf("it took %v of CPU, %v, %d bytes", result.CPU, result.Elapsed, result.Memory)
	}
	source, err := r.Probe(t.Context(), ffmpeg.Input{Path: filepath.Join(result.Dir, "small.mp4"), Type: media.TypeMP4})
	if err != nil || len(source.Video) != 1 || source.Video[0].Width != 64 {
		t.Errorf("what was written is %+v (%v)", source, err)
	}
	if err := errors.Join(result.Close(), result.Close()); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(result.Dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after Close its directory is there: %v", err)
	}
	wantNoChildren(t)
}

// TestOutputsCanBeReadAsTheyGrow ends a run that would not end by what it has written.
func TestOutputsCanBeReadAsTheyGrow(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	c := endless()
	c.Begun = func(dir string) {
		go func() {
			for ; ctx.Err() == nil; time.Sleep(5 * time.Millisecond) {
				if info, err := os.Stat(filepath.Join(dir, "out.ts")); err == nil && info.Size() > 10_000 {
					cancel(enough)
				}
			}
		}()
	}
	_, err := shared(t).Run(ctx, c)
	if wantClass(t, err, ffmpeg.Cancelled, "cancelled"); !errors.Is(err, enough) {
		t.Errorf("the error is %v", err)
	}
}

func TestSeveralInputsMayBeTheSameOpenFile(t *testing.T) {
	r := shared(t)
	f, err := os.Open(clip(t).Path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	in := ffmpeg.Input{File: f, Type: media.TypeMP4}
	late := in
	late.Args = []string{"-ss", "1"}
	result, err := r.Run(t.Context(), &ffmpeg.Command{
		Args:    []string{"-filter_complex", "[0:v][1:v]concat=n=2[v]"},
		Inputs:  []ffmpeg.Input{in, late, {Graph: "anullsrc"}},
		Outputs: []ffmpeg.Output{{Name: "both.mp4", Args: []string{"-map", "[v]", "-map", "2:a", "-shortest"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer result.Close()
	if got := result.Progress.Frame; got != 75 {
		t.Errorf("50 pictures and 25 make %d", got)
	}
}

func TestTheLogOfAnAnalysisIsKept(t *testing.T) {
	r := shared(t)
	result, err := r.Run(t.Context(), &ffmpeg.Command{
		Inputs:  []ffmpeg.Input{clip(t)},
		Outputs: []ffmpeg.Output{{Args: []string{"-vn", "-af", "loudnorm=print_format=json"}}},
		Verbose: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer result.Close()
	if !strings.Contains(result.Log, `"input_i"`) {
		t.Errorf("loudnorm says %q", result.Log)
	}
}

func TestADamagedFileIsComplainedOf(t *testing.T) {
	r := shared(t)
	in := clip(t)
	result, err := r.Run(t.Context(), &ffmpeg.Command{Inputs: []ffmpeg.Input{in}, Outputs: []ffmpeg.Output{{}}})
	if err != nil {
		t.Fatal(err)
	}
	_ = result.Close()
	if len(result.Complaints) > 0 {
		t.Errorf("of a whole file it says %q", result.Complaints)
	}
	film, err := os.ReadFile(in.Path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 2000; i < 12000; i += 7 {
		film[i] ^= 0x55
	}
	result, err = r.Run(t.Context(), &ffmpeg.Command{
		Inputs:  []ffmpeg.Input{{Path: write(t, "damaged.mp4", string(film)), Type: media.TypeMP4}},
		Outputs: []ffmpeg.Output{{}},
	})
	if err != nil {
		t.Fatal(err)
	}
	_ = result.Close()
	if len(result.Complaints) == 0 || len(result.Complaints) > 8 {
		t.Errorf("it says %q", result.Complaints)
	}
}

func TestACancelledRunIsGoneWithinASecond(t *testing.T) {
	took := time.Hour
	for i := 0; i < 5 && took > time.Second; i++ { // one is enough on a machine that is busy
		took = min(took, cancelled(t))
	}
	if took > time.Second {
		t.Errorf("it took %v", took)
	}
}

// cancelled starts a run, cancels it, and says how long that took.
func cancelled(t *testing.T) time.Duration {
	t.Helper()
	r := shared(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c := endless()
	var pids []int
	var at time.Time
	once := sync.OnceFunc(func() {
		pids = childrenOf(t, os.Getpid())
		at = time.Now()
		cancel()
	})
	c.Progress = func(p ffmpeg.Progress) {
		if p.Frame > 0 {
			once()
		}
	}
	_, err := r.Run(ctx, c)
	took := time.Since(at)
	e := wantClass(t, err, ffmpeg.Cancelled, "cancelled")
	if !errors.Is(err, context.Canceled) || e.Retry() {
		t.Errorf("the error is %v", err)
	}
	if len(pids) != 1 {
		t.Errorf("the run was the processes %v", pids)
	}
	wantNoChildren(t)
	return took
}

func TestARunWhoseTimeIsUpIsCalledSo(t *testing.T) {
	r := newRunner(t, fake(t, "sleep 60"))
	if _, err := r.Tools(t.Context()); err != nil { // which is asked before the run begins
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, err := r.Run(ctx, endless())
	wantClass(t, err, ffmpeg.TimeLimit, "longer")
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the error is %v", err)
	}
}

func TestAWholeGroupIsKilled(t *testing.T) {
	r := newRunner(t, fake(t, `sleep 60 & echo $! > pid; echo frame=1; echo progress=continue; wait`))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c := endless()
	var grandchild []int
	c.Progress = func(ffmpeg.Progress) {
		for _, pid := range childrenOf(t, os.Getpid()) {
			grandchild = childrenOf(t, pid)
		}
		cancel()
	}
	_, err := r.Run(ctx, c)
	wantClass(t, err, ffmpeg.Cancelled, "")
	if len(grandchild) != 1 {
		t.Fatalf("it had started %v", grandchild)
	}
	wantGone(t, grandchild[0])
	wantNoChildren(t)
}

func TestCloseEndsRunsAndTakesTheirDirectories(t *testing.T) {
	dir := t.TempDir()
	r := newRunnerIn(t, dir, fake(t, `echo frame=1; echo progress=continue; exec sleep 60`))
	runs := make(chan struct{}, 1)
	ended := make(chan error, 1)
	go func() {
		c := endless()
		c.Progress = func(ffmpeg.Progress) { runs <- struct{}{} }
		_, err := r.Run(t.Context(), c)
		ended <- err
	}()
	select {
	case <-runs:
	case err := <-ended:
		t.Fatalf("the run ended by itself: %v", err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	err := <-ended
	wantClass(t, err, ffmpeg.Cancelled, "closed")
	if !errors.Is(err, ffmpeg.ErrClosed) {
		t.Errorf("the error is %v", err)
	}
	if _, err := r.Run(t.Context(), endless()); !errors.Is(err, ffmpeg.ErrClosed) {
		t.Errorf("after Close a run answers %v", err)
	}
	wantDirs(t, dir)
	wantNoChildren(t)
}

func TestCommandsThatCannotBeRunAreRefused(t *testing.T) {
	in := ffmpeg.Input{Path: "/film.mp4", Type: media.TypeMP4}
	out := ffmpeg.Output{Name: "out.mp4"}
	for _, c := range []struct {
		name string
		c    ffmpeg.Command
		want error
	}{
		{"nothing in", ffmpeg.Command{Outputs: []ffmpeg.Output{out}}, ffmpeg.ErrCommand},
		{"nothing out", ffmpeg.Command{Inputs: []ffmpeg.Input{in}}, ffmpeg.ErrCommand},
		{"an input without a file", ffmpeg.Command{Inputs: []ffmpeg.Input{{Type: media.TypeMP4}}, Outputs: []ffmpeg.Output{out}}, ffmpeg.ErrCommand},
		{"an input that is two", ffmpeg.Command{Inputs: []ffmpeg.Input{{Path: "/film.mp4", Graph: "anullsrc"}}, Outputs: []ffmpeg.Output{out}}, ffmpeg.ErrCommand},
		{"a file that nobody sniffed", ffmpeg.Command{Inputs: []ffmpeg.Input{{Path: "/film.mp4"}}, Outputs: []ffmpeg.Output{out}}, ffmpeg.ErrType},
		{"a playlist", ffmpeg.Command{Inputs: []ffmpeg.Input{{Path: "/film.mp4", Type: "application/vnd.apple.mpegurl"}}, Outputs: []ffmpeg.Output{out}}, ffmpeg.ErrType},
		{"an output elsewhere", ffmpeg.Command{Inputs: []ffmpeg.Input{in}, Outputs: []ffmpeg.Output{{Name: "../out.mp4"}}}, ffmpeg.ErrCommand},
		{"an output at an absolute path", ffmpeg.Command{Inputs: []ffmpeg.Input{in}, Outputs: []ffmpeg.Output{{Name: "/out.mp4"}}}, ffmpeg.ErrCommand},
		{"an output that is an option", ffmpeg.Command{Inputs: []ffmpeg.Input{in}, Outputs: []ffmpeg.Output{{Name: "-y"}}}, ffmpeg.ErrCommand},
		{"a file that is not there", ffmpeg.Command{Inputs: []ffmpeg.Input{in}, Outputs: []ffmpeg.Output{out}}, os.ErrNotExist},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := newRunner(t, fake(t, "")).Run(t.Context(), &c.c); !errors.Is(err, c.want) {
				t.Errorf("the error is %v, not %v", err, c.want)
			}
		})
	}
}
