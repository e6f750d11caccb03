package ffmpeg

import (
	"os"
	"time"

	"github.com/streamgate/streamgate/media"
)

// A Command is one run of ffmpeg. Options that keep it from harm (demuxers,
// protocols, limits, threads, progress, log) are added by Run, and must not be
// among the arguments here.
type Command struct {
	// Args are options of the whole run, such as -filter_complex or -copyts.
	// Default: none.
	Args []string

	// Inputs in the order in which the arguments count them; at least one.
	Inputs []Input

	// Outputs, at least one.
	Outputs []Output

	// Length is how long the output will be, from which percent and time left are
	// told. Default: 0, they are not.
	Length time.Duration

	// Start is the timestamp that the output begins with, where it does not begin
	// at 0 (-copyts). Default: 0.
	Start time.Duration

	// Threads of each decoder, filter and encoder. Default: those of the Runner.
	Threads int

	// Limits of this run. Zero fields are those of the Runner. Default: all of them.
	Limits Limits

	// Progress is called some four times a second, by one goroutine, and must not
	// block. Default: nobody is told.
	Progress func(Progress)

	// Begun is called once, when ffmpeg has started, with the directory in which its
	// outputs grow: what is read there may be cut short anywhere. It must not block, and
	// the directory is not to be used once Run has returned an error. Default: nobody is
	// told.
	Begun func(dir string)

	// Verbose has ffmpeg log what filters find (loudnorm, ebur128, cropdetect)
	// into Result.Log, and not only warnings and errors. Default: no.
	Verbose bool

	// Hardware opens the devices of an accelerator to the process, and lifts its
	// limit on address space, which drivers map by the terabyte. Default: none.
	Hardware Hardware
}

// An Input is what a program reads: one of File, Path and Graph.
type Input struct {
	// File is an open file, from its beginning whatever its offset. It stays the
	// caller's, who closes it after the run. Several runs may share it.
	File *os.File

	// Path is the name of a file, which is opened before the program starts.
	Path string

	// Type is what media.Sniff says of File or Path, and alone decides which
	// demuxer reads it. Without one that has a demuxer the run is refused with
	// ErrType.
	Type media.Type

	// Graph is a graph of sources for lavfi, such as anullsrc, in place of a file.
	// It is trusted, as arguments are.
	Graph string

	// Args stand before the input, such as -ss 12.5. Default: none.
	Args []string
}

// An Output is what ffmpeg writes.
type Output struct {
	// Name of a file in the run's directory, or of a pattern or playlist there.
	// Default: "", nothing is written; the run is for its log.
	Name string

	// Args stand before it: -map, codecs, filters, and the muxer (-f) where the
	// name does not tell. Default: none.
	Args []string
}

// A Result is what a successful run leaves.
type Result struct {
	// Dir has the outputs, and goes when Close is called. What is kept has to be
	// moved out of it before.
	Dir string

	// Log is what the program said: the last 64 KiB.
	Log string

	// Complaints are the last errors after which it went on, oldest first: what is
	// damaged in the file is missing in the output.
	Complaints []string

	// Progress is the last that was told.
	Progress Progress

	// Elapsed is wall time, CPU that of all threads, user and system.
	Elapsed, CPU time.Duration

	// Memory is the most that was resident, in bytes; 0 where the system does not
	// tell.
	Memory int64

	close func() error
}

// Close removes Dir, and gives its place to another run. A second call does
// nothing.
func (r *Result) Close() error { return r.close() }
