package audit

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
)

// TamperedError says that files are not what was written, and where that shows
// first.
type TamperedError struct {
	File string // its path
	Line int    // the first bad line, from 1 on; the one after the last, where something is cut off
	What string // what is wrong, for a person
}

// Error implements error.
func (e *TamperedError) Error() string {
	return fmt.Sprintf("%s, line %d: %s", e.File, e.Line, e.What)
}

// VerifyOptions are the options of Verify. A nil *VerifyOptions is the defaults.
type VerifyOptions struct {
	// Checkpoints have to be in the files, unless the files begin after them.
	// Default: none, and an end that was cut off cannot be told.
	Checkpoints []Checkpoint
	// Workers is how many groups of events are hashed at a time.
	// Default: runtime.GOMAXPROCS(0).
	Workers int
}

// Report is what Verify has found in good order.
type Report struct {
	First, Last Checkpoint // the first and the last seal
	Seals       uint64
	Events      uint64
	Bytes       int64
	// Abandoned is how many lines the writer has given up when the disk failed,
	// as the seal after them says. They were not acknowledged and are not proven.
	Abandoned int
	// Torn is what a crash has left behind the last seal; nil for nothing. It was
	// not acknowledged and is not proven. OpenFile cuts it off.
	Torn *Torn
	// Earlier is how many of the Checkpoints are older than the files.
	Earlier int
}

// Torn is an unfinished end.
type Torn struct {
	File  string
	Line  int // where it begins
	Bytes int64

	offset int64
}

// Verify reads files of one log, oldest first, and checks that they are what was
// sealed by one of the keys: that no line was changed, removed, inserted or put
// elsewhere between the first seal and the last. A *TamperedError says what is
// wrong; other errors that it could not tell. The signature of the last seal
// proves all before it, so most others are not looked at unless something is wrong.
//
// The files may begin anywhere in the log; what was before is not known. That
// lines or files were cut off at the end shows only by Checkpoints. Memory is
// bounded, some 10 MiB a worker. A File may be writing to the last file meanwhile:
// what it has not sealed counts as Torn.
func Verify(ctx context.Context, keys []ed25519.PublicKey, files []string, o *VerifyOptions) (*Report, error) {
	sources := make([]source, len(files))
	for i, path := range files {
		sources[i] = source{path, func() (io.ReadSeekCloser, error) { return os.Open(path) }}
	}
	return verify(ctx, keys, sources, o)
}

// Files returns the files of the log in a directory, for Verify, oldest first.
func Files(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir) // in the order of their names
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	var files []string
	for _, e := range entries {
		if fileNumber(e.Name()) > 0 {
			files = append(files, filepath.Join(dir, e.Name()))
		}
	}
	return files, nil
}

// source is a file to verify.
type source struct {
	name string
	open func() (io.ReadSeekCloser, error)
}

// verifier goes through the files.
type verifier struct {
	keys    []ed25519.PublicKey
	workers int
	wanted  map[uint64][]*claim // by the number of the seal
	free    chan []byte         // blocks to use again
	report  Report
	end     *goodSeal // the last seal that is good; nil before the first

	before []source // files that are read
	lines  int      // of the last of them
	tail   *tail    // what is wrong at the end of the last of them
}

// goodSeal is a seal to go on from.
type goodSeal struct {
	seal seal
	hash sum
	line []byte
}

// claim is a checkpoint that has to be there.
type claim struct {
	Checkpoint
	found bool
}

// tail is an end of a file that is good only if the next file says so.
type tail struct {
	err   *TamperedError
	torn  *Torn // nil where no crash leaves such a thing
	lines int
}

func verify(ctx context.Context, keys []ed25519.PublicKey, files []source, o *VerifyOptions) (*Report, error) {
	v := &verifier{keys: usable(keys), workers: runtime.GOMAXPROCS(0), wanted: make(map[uint64][]*claim)}
	if len(v.keys) == 0 {
		return nil, errors.New("audit: Verify needs an Ed25519 public key")
	}
	if o != nil {
		if o.Workers > 0 {
			v.workers = o.Workers
		}
		for _, c := range o.Checkpoints {
			v.wanted[c.Seal] = append(v.wanted[c.Seal], &claim{Checkpoint: c})
		}
	}
	v.free = make(chan []byte, 2*v.workers+2)
	for _, f := range files {
		if err := v.file(ctx, f); err != nil {
			return nil, err
		}
		v.before = append(v.before, f)
	}
	return v.finish()
}

// finish judges how the files end, and what has to be there.
func (v *verifier) finish() (*Report, error) {
	if err := v.unfinished(); err != nil {
		return nil, err
	}
	for _, claims := range v.wanted {
		for _, c := range claims {
			if err := v.settle(c); err != nil {
				return nil, err
			}
		}
	}
	if v.end != nil {
		v.report.Last = checkpointOf(&v.end.seal, v.end.line)
	}
	return &v.report, nil
}

// unfinished judges the end of the last file.
func (v *verifier) unfinished() error {
	if v.tail == nil {
		return nil
	}
	if v.tail.torn == nil {
		return v.tail.err
	}
	v.report.Torn = v.tail.torn
	return nil
}

// settle says whether a checkpoint is answered for.
func (v *verifier) settle(c *claim) error {
	bad := &TamperedError{What: fmt.Sprintf("seal %d of %s, which a checkpoint proves, is not here", c.Seal, c.Time.Format("2006-01-02 15:04:05"))}
	if n := len(v.before); n > 0 {
		bad.File = v.before[n-1].name
		bad.Line = v.lines + 1
	}
	switch {
	case c.found:
		return nil
	case v.end == nil:
		bad.What += ": nothing is"
	case c.Log != v.report.First.Log:
		bad.What += ": these are the files of another log"
	case c.Seal < v.report.First.Seal:
		v.report.Earlier++
		return nil
	case c.Seal > v.end.seal.number:
		bad.What += fmt.Sprintf(": the files end with seal %d, what came after was cut off", v.end.seal.number)
	default:
		bad.What += ": another has its number"
	}
	return bad
}
