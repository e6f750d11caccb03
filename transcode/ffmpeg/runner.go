package ffmpeg

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"sync"
	"time"
)

// Options of a Runner. Nil means all defaults.
type Options struct {
	// Path of ffmpeg, if it is not to be found by Find's other ways. Default: "".
	Path string

	// Look is how often Await looks for an ffmpeg that is not there. Default: 15
	// seconds.
	Look time.Duration

	// Limits of each run. Default: those at the fields.
	Limits Limits

	// Runs is how many directories of runs there may be at a time, results that
	// are not closed included. Default: 32.
	Runs int

	// Bytes is how much may lie in all of them together: the run that goes beyond
	// is ended. Default: 64 GiB.
	Bytes int64

	// Free is how much of their file system stays free for others; a run that
	// would take it is ended as if the disk were full. Negative is nothing. Default:
	// 1 GiB.
	Free int64

	// Threads of each decoder, filter and encoder of a run. Default: as many as
	// there are CPUs, at most 16.
	Threads int

	// Nice is what is added to the scheduling priority of the programs, so that
	// they leave the CPU to who is served (Linux: 0 to 19). Negative is 0. Default:
	// 10.
	Nice int

	// Env are variables for the programs, as NAME=value, whose environment is empty
	// but for a home in their directory. Default: none.
	Env []string

	// Read are files and folders that the sandbox lets the programs read and run,
	// besides the system's libraries: where a build keeps its own. Default: none.
	Read []string

	// Logger is told of what is not an error: a sandbox that is not in force, an
	// accelerator that does not work. Default: nobody.
	Logger *slog.Logger
}

const (
	defaultLook  = 15 * time.Second
	defaultRuns  = 32
	defaultBytes = 64 << 30
	defaultFree  = 1 << 30
	mostThreads  = 16
	defaultNice  = 10
)

// withDefaults returns what o means.
func (o *Options) withDefaults() Options {
	var d Options
	if o != nil {
		d = *o
	}
	if d.Look <= 0 {
		d.Look = defaultLook
	}
	if d.Runs <= 0 {
		d.Runs = defaultRuns
	}
	if d.Bytes <= 0 {
		d.Bytes = defaultBytes
	}
	if d.Free == 0 {
		d.Free = defaultFree
	}
	if d.Threads <= 0 {
		d.Threads = min(runtime.NumCPU(), mostThreads)
	}
	if d.Nice == 0 {
		d.Nice = defaultNice
	}
	d.Nice = min(max(d.Nice, 0), 19)
	if d.Logger == nil {
		d.Logger = slog.New(slog.DiscardHandler)
	}
	d.Limits = d.Limits.or(defaultLimits)
	return d
}

// A Runner runs ffmpeg and ffprobe, each in a directory of its own below one that
// is given to it. It is safe for concurrent use. Runners of several processes may
// share the directory.
type Runner struct {
	o       Options
	scratch *scratch
	box     sandbox
	closing chan struct{}

	mu   sync.Mutex
	open map[*context.CancelCauseFunc]bool // ends of the runs; nil once it is closed
	runs sync.WaitGroup

	found  found
	trials trials
}

// New returns a Runner with its directories below dir, which is made where it is
// not there, and removes what runs of processes left there that are no more. It
// does not want ffmpeg to be installed. Close it.
func New(dir string, o *Options) (*Runner, error) {
	if dir == "" {
		return nil, errors.New("ffmpeg: New needs a directory for what runs write")
	}
	d := o.withDefaults()
	s, err := openScratch(dir, d.Runs, d.Bytes)
	if err != nil {
		return nil, fmt.Errorf("ffmpeg: a directory for runs: %w", err)
	}
	r := &Runner{
		o: d, scratch: s, box: detectSandbox(d.Read),
		closing: make(chan struct{}), open: make(map[*context.CancelCauseFunc]bool),
	}
	if missing := r.box.state.Missing; missing != "" {
		d.Logger.Warn("the sandbox for ffmpeg is not complete", "missing", missing)
	}
	return r, nil
}

// Sandbox says what keeps the programs from the rest of the system.
func (r *Runner) Sandbox() Sandbox { return r.box.state }

// Close refuses further runs, ends those that are on their way, and returns when
// their processes and all directories are gone, those of results that are not
// closed among them. A second call does nothing.
func (r *Runner) Close() error {
	r.mu.Lock()
	if r.open == nil {
		r.mu.Unlock()
		return nil
	}
	close(r.closing)
	for end := range r.open {
		(*end)(ErrClosed)
	}
	r.open = nil
	r.mu.Unlock()
	r.runs.Wait()
	return r.scratch.close()
}

// enter begins a run, unless the Runner is closed. Its context ends with the
// Runner; leave has to be called.
func (r *Runner) enter(ctx context.Context) (_ context.Context, leave func(), err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.open == nil {
		return nil, nil, ErrClosed
	}
	ctx, end := context.WithCancelCause(ctx)
	r.runs.Add(1)
	r.open[&end] = true
	return ctx, func() {
		end(nil)
		r.mu.Lock()
		delete(r.open, &end)
		r.mu.Unlock()
		r.runs.Done()
	}, nil
}

// A found is ffmpeg as it was found, and the files that it was.
type found struct {
	mu    sync.Mutex
	tools *Tools
	was   [2]os.FileInfo
}

// Tools returns ffmpeg as it is now: what was found before if that is still the same
// file, else by a new look. The error is that of Find.
func (r *Runner) Tools(ctx context.Context) (*Tools, error) {
	r.found.mu.Lock()
	defer r.found.mu.Unlock()
	if t, err := locate(r.o.Path); err == nil && r.found.still(t) {
		return r.found.tools, nil
	}
	t, err := Find(ctx, r.o.Path)
	if err != nil {
		return nil, err
	}
	r.found.tools = t
	for i, path := range []string{t.FFmpeg, t.FFprobe} {
		r.found.was[i], _ = os.Stat(path) // a file that went meanwhile is found to have changed
	}
	return t, nil
}

// still says whether what is located now is what was asked then.
func (f *found) still(now *Tools) bool {
	if f.tools == nil {
		return false
	}
	for i, path := range []string{now.FFmpeg, now.FFprobe} {
		was := f.was[i]
		is, err := os.Stat(path)
		if err != nil || was == nil || !os.SameFile(is, was) || is.Size() != was.Size() || !is.ModTime().Equal(was.ModTime()) {
			return false
		}
	}
	return true
}

// Await is Tools that waits while ffmpeg is missing, until it appears or ctx ends,
// whose error it then returns together with that of Find.
func (r *Runner) Await(ctx context.Context) (*Tools, error) {
	for {
		t, err := r.Tools(ctx)
		if err == nil || !errors.Is(err, ErrMissing) {
			return t, err
		}
		select {
		case <-time.After(r.o.Look):
		case <-r.closing:
			return nil, errors.Join(ErrClosed, err)
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), err)
		}
	}
}
