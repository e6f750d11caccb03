package ffmpeg

import (
	"log/slog"
	"runtime"
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

	// Bytes is how much may lie in all of them together, and in copies (Runner.Copy)
	// beside them: the run that goes beyond is ended. Default: 64 GiB.
	Bytes int64

	// Keep is how long a copy stays that nobody uses. Default: 1 minute.
	Keep time.Duration

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

	// Logger is told of what is not an error: which ffmpeg was found, or that none is
	// there, a sandbox that is not in force, an accelerator that does not work.
	// Default: nobody.
	Logger *slog.Logger
}

const (
	defaultLook  = 15 * time.Second
	defaultRuns  = 32
	defaultBytes = 64 << 30
	defaultFree  = 1 << 30
	defaultKeep  = time.Minute
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
	if d.Keep <= 0 {
		d.Keep = defaultKeep
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
