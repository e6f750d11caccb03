package ffmpeg

import (
	"context"
	"log/slog"
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
	// would take it is ended as if the disk were full. Default: 1 GiB.
	Free int64

	// Threads of each decoder, filter and encoder of a run. Default: as many as
	// there are CPUs, at most 16.
	Threads int

	// Nice is what is added to the scheduling priority of the programs, so that
	// they leave the CPU to who is served (Unix: 0 to 19). Default: 10; negative is 0.
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

// A Runner runs ffmpeg and ffprobe, each in a directory of its own below one that
// is given to it. It is safe for concurrent use. Runners of several processes may
// share the directory.
type Runner struct {
	o Options
}

// New returns a Runner with its directories below dir, which is made where it is
// not there, and removes what runs of processes left there that are no more. It
// does not want ffmpeg to be installed. Close it.
func New(dir string, o *Options) (*Runner, error) { panic("not yet") }

// Close refuses further runs, ends those that are on their way, and returns when
// their processes and all directories are gone.
func (r *Runner) Close() error { panic("not yet") }

// Tools returns ffmpeg as it is now: what was found before if that is still the same
// file, else by a new look. The error is that of Find.
func (r *Runner) Tools(ctx context.Context) (*Tools, error) { panic("not yet") }

// Await is Tools that waits while ffmpeg is missing, until it appears or ctx ends,
// whose error it then returns together with that of Find.
func (r *Runner) Await(ctx context.Context) (*Tools, error) { panic("not yet") }

// Run runs ffmpeg and returns when it has ended. When ctx ends, it is gone within a
// second. The error is a *RunError, or ErrCommand, ErrType, ErrBusy, ErrClosed or a
// *MissingError of a run that never began. Nothing is left of a failed run; the
// Result of a successful one is closed by the caller.
func (r *Runner) Run(ctx context.Context, c *Command) (*Result, error) { panic("not yet") }

// Probe asks ffprobe what is in a file. Errors are those of Run.
func (r *Runner) Probe(ctx context.Context, in Input) (*Source, error) { panic("not yet") }

// KeyFrames returns when the key frames of a stream (by its index in the file) are
// shown, in their order, from the start of the file's timestamps. It reads the file
// through. Errors are those of Run.
func (r *Runner) KeyFrames(ctx context.Context, in Input, stream int) ([]time.Duration, error) {
	panic("not yet")
}

// Sandbox says what keeps the programs from the rest of the system.
func (r *Runner) Sandbox() Sandbox { panic("not yet") }

// Sandbox is what the system enforces.
type Sandbox struct {
	// Landlock is the version of the kernel's interface, 0 where there is none:
	// from 1 files are guarded, from 4 TCP, from 6 signals.
	Landlock int
	Seccomp  bool   // no sockets, no tracing, no other namespaces
	Rlimits  bool   // CPU time, address space and file sizes
	Missing  string // what is not in force and why, in a sentence; "" if all is
}
