package ffmpeg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"time"
)

// A process is one start of ffmpeg or ffprobe.
type process struct {
	program  string // "ffmpeg" or "ffprobe"
	path     string
	args     func(opened []string) []string // given what the inputs are called
	inputs   []Input
	limits   Limits
	hardware Hardware
	stdout   io.Writer
	progress func() int64 // changes with progress; nil if the process makes none
	begun    func(dir string)
}

// An outcome is what a process leaves, also one that failed.
type outcome struct {
	log     string
	elapsed time.Duration
	usage   usage
	exit    int
	signal  string // "" if none ended it
	peak    int64  // of its address space, in bytes; 0 where it is not known
}

// waitForPipes is how long a descendant that left the process group may hold the
// pipes of a process that is gone.
const waitForPipes = 500 * time.Millisecond

// execute runs p in dir. The error is a *RunError, or says why it never ran.
func (r *Runner) execute(ctx context.Context, p *process, dir *workdir) (*outcome, error) {
	files, names, closeFiles, err := open(p.inputs)
	if err != nil {
		return nil, err
	}
	defer closeFiles()
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	log := newRing(logLength)
	cmd := exec.CommandContext(ctx, p.path, p.args(names)...)
	cmd.Dir = dir.path
	cmd.Env = append([]string{"LC_ALL=C", "HOME=" + dir.path, "TMPDIR=" + dir.path, "AV_LOG_FORCE_NOCOLOR=1"}, r.o.Env...)
	cmd.Stdout, cmd.Stderr = p.stdout, log
	cmd.ExtraFiles = files
	cmd.WaitDelay = waitForPipes
	group(cmd)
	began := time.Now()
	l := &launch{cmd: cmd, box: &r.box, files: files, dir: dir.path, hardware: p.hardware, limits: p.limits, nice: r.o.Nice}
	if err := l.start(); err != nil {
		return nil, r.unstarted(ctx, p, err)
	}
	if p.begun != nil {
		p.begun(dir.path)
	}
	watched := r.watch(ctx, end, p, dir, cmd.Process.Pid)
	waited := l.wait()
	out := &outcome{log: log.String(), elapsed: time.Since(began), exit: cmd.ProcessState.ExitCode(), signal: signalOf(cmd.ProcessState), usage: usageOf(cmd.ProcessState)}
	cause := context.Cause(ctx)
	end(nil)
	out.peak = <-watched
	if waited == nil && cause == nil {
		return out, nil
	}
	if errors.Is(waited, exec.ErrWaitDelay) && cause == nil && out.exit == 0 {
		return out, nil // its work is done, whoever holds the pipe
	}
	return out, r.verdict(p, out, cause)
}

// unstarted is the error of a program that did not start.
func (r *Runner) unstarted(ctx context.Context, p *process, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return r.verdict(p, &outcome{exit: -1}, cause)
	}
	if errors.Is(err, os.ErrNotExist) {
		return &MissingError{Program: p.program, Looked: []string{p.path}, Install: install(r.o.Path), Cause: err}
	}
	reason := fmt.Sprintf("it does not start: %v", err)
	if errors.Is(err, os.ErrPermission) && r.box.state.Landlock > 0 {
		reason += "; if it is a script, or its libraries lie elsewhere, name them in Options.Read"
	}
	return &RunError{Program: p.program, Class: Failed, Reason: reason, Exit: -1, Cause: err}
}

// open opens what is named by a path, and returns the descriptors for the process
// and what the inputs are called there.
func open(inputs []Input) (files []*os.File, names []string, closeAll func(), err error) {
	var ours []*os.File
	closeAll = func() {
		for _, f := range ours {
			_ = f.Close() // it was only read
		}
	}
	for i := range inputs {
		f := inputs[i].File
		if inputs[i].Path != "" {
			if f, err = os.Open(inputs[i].Path); err != nil {
				closeAll()
				return nil, nil, nil, fmt.Errorf("ffmpeg: the input: %w", err)
			}
			ours = append(ours, f)
		}
		if f == nil {
			names = append(names, "")
			continue
		}
		names = append(names, inputName(f, len(files)))
		files = append(files, f)
	}
	if runtime.GOOS != "linux" {
		files = nil
	}
	return files, names, closeAll, nil
}

// inputName is what the i-th descriptor is called in the process. Opening it there
// again gives it an offset of its own, which descriptors of other systems lack.
func inputName(f *os.File, i int) string {
	if runtime.GOOS == "linux" {
		return "file:/proc/self/fd/" + strconv.Itoa(3+i)
	}
	return "file:" + f.Name()
}
