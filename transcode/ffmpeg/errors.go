package ffmpeg

import (
	"errors"
	"fmt"
	"strings"
)

var (
	// ErrMissing means that ffmpeg or ffprobe is not installed; see MissingError.
	ErrMissing = errors.New("ffmpeg is not installed")
	// ErrIncomplete means that the build at hand lacks parts; see IncompleteError.
	ErrIncomplete = errors.New("this build of ffmpeg lacks parts")
	// ErrType refuses a file whose type no demuxer is known for.
	ErrType = errors.New("no demuxer for this type")
	// ErrCommand refuses a Command that cannot be run.
	ErrCommand = errors.New("not a command that can be run")
	// ErrBusy means that there are as many runs, or bytes of runs, as the Runner
	// may have: try again later.
	ErrBusy = errors.New("as many runs as may be")
	// ErrCopy means that a file is not as long as was said, and has no copy.
	ErrCopy = errors.New("another size than it should have")
	// ErrClosed means that the Runner is closed.
	ErrClosed = errors.New("the runner is closed")
)

// A MissingError says that a program is not there, and how to get it. It is
// ErrMissing.
type MissingError struct {
	Program string   // "ffmpeg" or "ffprobe"
	Looked  []string // where it was looked for
	Install string   // what to do about it on this system
	Cause   error    // why what was found cannot be used; nil if nothing was found
}

func (e *MissingError) Error() string {
	s := e.Program + " was not found (looked at " + strings.Join(e.Looked, ", ") + ")"
	if e.Cause != nil {
		s = fmt.Sprintf("%s cannot be used: %v", e.Program, e.Cause)
	}
	return s + ": " + e.Install
}

// Is makes it ErrMissing.
func (e *MissingError) Is(target error) bool { return target == ErrMissing }

func (e *MissingError) Unwrap() error { return e.Cause }

// An IncompleteError says which parts a build lacks. It is ErrIncomplete.
type IncompleteError struct {
	Path    string
	Version string
	Missing []Part
	Install string // what to do about it on this system
}

func (e *IncompleteError) Error() string {
	names := make([]string, len(e.Missing))
	for i, p := range e.Missing {
		names[i] = p.String()
	}
	return fmt.Sprintf("%s (version %s) has no %s: %s", e.Path, e.Version, strings.Join(names, ", no "), e.Install)
}

// Is makes it ErrIncomplete.
func (e *IncompleteError) Is(target error) bool { return target == ErrIncomplete }

// A Class says what ended a run that did not succeed.
type Class string

// The classes of failures.
const (
	BrokenInput Class = "broken-input" // the file is damaged, or is not what it says
	Unsupported Class = "unsupported"  // a codec or feature that this build cannot decode or encode
	Memory      Class = "memory"       // more memory than Limits.Memory, or than there is
	DiskFull    Class = "disk-full"    // no room where runs have their directories
	OutputLimit Class = "output-limit" // more output than Limits.Output
	TimeLimit   Class = "time-limit"   // longer than Limits.Time, or more than Limits.CPU
	Stuck       Class = "stuck"        // no progress for Limits.Stall
	Cancelled   Class = "cancelled"    // its context ended
	Crashed     Class = "crashed"      // a signal that nobody here sent
	Failed      Class = "failed"       // anything else; the reason has the program's words
)

// A RunError is a run that did not succeed. Its files are gone.
type RunError struct {
	Program string // "ffmpeg" or "ffprobe"
	Class   Class
	Reason  string   // a sentence for a person, with the program's own words in it
	Lines   []string // the last lines of its log that say something, oldest first
	Exit    int      // its exit code; -1 if a signal ended it
	Cause   error    // the context's error if it was cancelled; may be nil
	Lasting bool     // of DiskFull: it wants more than the Runner may have at all
}

func (e *RunError) Error() string { return e.Program + ": " + e.Reason }

func (e *RunError) Unwrap() error { return e.Cause }

// Retry says whether the same run may succeed another time: a full disk, a crash,
// a stall or a lack of memory may be those of the moment, a broken file stays one. So
// may a time that was too short, on a machine that is busy; but each try takes as long.
func (e *RunError) Retry() bool {
	switch e.Class {
	case BrokenInput, Unsupported, OutputLimit, Cancelled:
		return false
	default:
		return !e.Lasting
	}
}
