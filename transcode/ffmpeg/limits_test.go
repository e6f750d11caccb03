package ffmpeg_test

import (
	"errors"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// encode is a run that goes on for long and takes what it gets.
func encode(size string, args ...string) *ffmpeg.Command {
	return &ffmpeg.Command{
		Inputs:  []ffmpeg.Input{{Graph: "testsrc2=rate=25:size=" + size}},
		Outputs: []ffmpeg.Output{{Name: "out.mkv", Args: args}},
	}
}

func TestRunsAreEndedAtTheirLimits(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the kernel's limits are those of Linux")
	}
	tools := needFFmpeg(t)
	if !tools.Has(ffmpeg.Encoder, "libx264") {
		missing(t, "this ffmpeg has no libx264; make test installs one that has")
	}
	for _, c := range []struct {
		name   string
		c      *ffmpeg.Command
		limits ffmpeg.Limits
		class  ffmpeg.Class
		words  string
	}{
		{"by the clock", encode("320x240", "-c:v", "mpeg2video"), ffmpeg.Limits{Time: 300 * time.Millisecond}, ffmpeg.TimeLimit, "longer than 300ms"},
		{"by CPU time", encode("1920x1080", "-c:v", "libx264"), ffmpeg.Limits{CPU: time.Second}, ffmpeg.TimeLimit, "more than 1s of CPU time"},
		{"by address space", encode("3840x2160", "-c:v", "libx264"), ffmpeg.Limits{Memory: 700 << 20}, ffmpeg.Memory, "memory"},
		{"by the size of a file", encode("640x480", "-c:v", "rawvideo"), ffmpeg.Limits{Output: 3 << 20}, ffmpeg.OutputLimit, "more than 3072 KiB"},
		{"by the size of all files", encode("640x480", "-c:v", "ffv1", "-f", "segment", "-segment_time", "0.1", "-g", "1"), ffmpeg.Limits{Output: 4 << 20}, ffmpeg.OutputLimit, "more than 4096 KiB"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if strings.HasSuffix(c.name, "all files") {
				c.c.Outputs[0].Name = "out%d.mkv"
			}
			c.c.Limits = c.limits
			_, err := shared(t).Run(t.Context(), c.c)
			wantClass(t, err, c.class, c.words)
		})
	}
}

func TestAPixelBombIsNotDecoded(t *testing.T) {
	_, err := shared(t).Run(t.Context(), &ffmpeg.Command{
		Inputs:  []ffmpeg.Input{clip(t)},
		Outputs: []ffmpeg.Output{{Args: []string{"-an"}}},
		Limits:  ffmpeg.Limits{Pixels: 160*120 - 1},
	})
	wantClass(t, err, ffmpeg.BrokenInput, "exceeds specified max pixel count")
}

func TestARunWithoutProgressIsStuck(t *testing.T) {
	for _, c := range []struct{ name, script string }{
		{"that says nothing", "exec sleep 60"},
		{"that says the same again and again", "while :; do echo frame=1; echo progress=continue; sleep 0.05; done"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRunner(t, fake(t, c.script))
			command := endless()
			command.Limits.Stall = 400 * time.Millisecond
			began := time.Now()
			_, err := r.Run(t.Context(), command)
			if e := wantClass(t, err, ffmpeg.Stuck, "no progress for 400ms"); !e.Retry() {
				t.Error("it is not tried again")
			}
			if took := time.Since(began); took < 400*time.Millisecond {
				t.Errorf("it was ended after %v", took)
			}
		})
	}
}

func TestARunThatGoesOnIsNotStuck(t *testing.T) {
	t.Parallel()
	r := newRunner(t, fake(t, "i=0; while [ $i -lt 40 ]; do i=$((i+1)); echo frame=$i; echo progress=continue; sleep 0.1; done"))
	c := endless()
	c.Limits.Stall = 3 * time.Second // of the 4 and more that it runs
	result, err := r.Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer result.Close()
	if result.Progress.Frame != 40 {
		t.Errorf("it came to %d", result.Progress.Frame)
	}
}

func TestDirectoriesAreCounted(t *testing.T) {
	o := fake(t, "head -c 1000 /dev/zero > out.ts")
	o.Runs, o.Bytes = 2, 1<<20
	o.Read = append(o.Read, "/dev/zero")
	r := newRunner(t, o)
	run := func() (*ffmpeg.Result, error) { return r.Run(t.Context(), endless()) }
	first, err := run()
	if err != nil {
		t.Fatal(err)
	}
	second, err := run()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := run(); !errors.Is(err, ffmpeg.ErrBusy) || !strings.Contains(err.Error(), "2 runs") {
		t.Errorf("a third directory: %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	third, err := run()
	if err != nil {
		t.Fatalf("there is room for another one: %v", err)
	}
	_ = third.Close()
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestBytesOfAllDirectoriesAreCounted(t *testing.T) {
	o := fake(t, "head -c 1000 /dev/zero > out.ts")
	o.Bytes = 1000
	r := newRunner(t, o)
	result, err := r.Run(t.Context(), endless())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Run(t.Context(), endless()); !errors.Is(err, ffmpeg.ErrBusy) || !strings.Contains(err.Error(), "1000 bytes") {
		t.Errorf("beyond all bytes: %v", err)
	}
	if err := result.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Run(t.Context(), endless()); err != nil {
		t.Error(err)
	}
}

func TestACrashIsCalledSo(t *testing.T) {
	for _, c := range []struct {
		name, script string
		class        ffmpeg.Class
		words        string
	}{
		{"a segmentation fault", "echo '[x @ 0x1] [error] one last word' >&2; kill -SEGV $$", ffmpeg.Crashed, "segmentation fault"},
		{"an abort", "kill -ABRT $$", ffmpeg.Crashed, "aborted"},
		{"killed by the system", "kill -KILL $$", ffmpeg.Memory, "killed from outside"},
		{"an exit code and a reason", "echo '[mov @ 0x1] [error] moov atom not found' >&2; exit 1", ffmpeg.BrokenInput, "moov atom not found"},
		{"an exit code without a word", "exit 3", ffmpeg.Failed, "without a word"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := newRunner(t, fake(t, c.script)).Run(t.Context(), endless())
			wantClass(t, err, c.class, c.words)
		})
	}
}

func TestTheEnvironmentIsEmpty(t *testing.T) {
	t.Setenv("STREAMGATE_SECRET", "a password")
	r := newRunner(t, fake(t, "env > env; pwd > pwd; ulimit -c > core"))
	result, err := r.Run(t.Context(), endless())
	if err != nil {
		t.Fatal(err)
	}
	defer result.Close()
	read := func(name string) string {
		text, err := os.ReadFile(result.Dir + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(text))
	}
	if env := read("env"); strings.Contains(env, "a password") || !strings.Contains(env, "HOME="+result.Dir) {
		t.Errorf("it has the environment %q", env)
	}
	if dir := read("pwd"); dir != result.Dir {
		t.Errorf("it is in %s", dir)
	}
	if core := read("core"); runtime.GOOS == "linux" && core != "0" {
		t.Errorf("its core may be %s", core)
	}
}
