package main

import (
	"context"
	"crypto/ed25519"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/streamgate/streamgate/audit"
)

// The exit codes of the command audit verify, beside 0.
const (
	exitTampered = 1 // the files are not what was written
	exitUnknown  = 2 // it could not tell
)

// exitError is an error with an exit code of its own.
type exitError struct {
	error
	code int
}

const auditUsage = `usage: server audit verify -key FILE [-checkpoints FILE] FILE|DIRECTORY...
`

// verifyFlags are the command line of audit verify.
type verifyFlags struct {
	keys   []string
	points string
	files  []string
}

// auditCommand runs the command audit and its arguments.
func auditCommand(ctx context.Context, args []string, out, usage io.Writer) error {
	if len(args) == 0 || args[0] != "verify" {
		fmt.Fprint(usage, auditUsage)
		return exitError{errors.New("the command audit has one part: verify"), exitUnknown}
	}
	f, err := parseVerify(args[1:], usage)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err == nil {
		err = verify(ctx, f, out)
	}
	if err == nil {
		return nil
	}
	if tampered, ok := errors.AsType[*audit.TamperedError](err); ok {
		return exitError{fmt.Errorf("NOT in good order. The first bad line is line %d of %s: %s", tampered.Line, tampered.File, tampered.What), exitTampered}
	}
	return exitError{err, exitUnknown}
}

func parseVerify(args []string, usage io.Writer) (verifyFlags, error) {
	var f verifyFlags
	flags := flag.NewFlagSet("server audit verify", flag.ContinueOnError)
	flags.SetOutput(usage)
	flags.Usage = func() {
		fmt.Fprint(usage, auditUsage)
		flags.PrintDefaults()
	}
	flags.Func("key", "file with the public key in PEM; once for each key that has signed", func(name string) error {
		f.keys = append(f.keys, name)
		return nil
	})
	flags.StringVar(&f.points, "checkpoints", "", "file with checkpoints that were kept elsewhere, one a line")
	if err := flags.Parse(args); err != nil {
		return f, err
	}
	f.files = flags.Args()
	switch {
	case len(f.keys) == 0:
		return f, errors.New("-key is missing: the public key that the log is signed with")
	case len(f.files) == 0:
		return f, errors.New("which files? Name them, oldest first, or their directory")
	}
	return f, nil
}

// verify verifies and says what was found.
func verify(ctx context.Context, f verifyFlags, out io.Writer) error {
	keys, err := readKeys(f.keys)
	if err != nil {
		return err
	}
	points, err := readCheckpoints(f.points, keys)
	if err != nil {
		return err
	}
	files, err := expand(f.files)
	if err != nil {
		return err
	}
	report, err := audit.Verify(ctx, keys, files, &audit.VerifyOptions{Checkpoints: points})
	if err != nil {
		return err
	}
	describe(out, report, len(files), len(points))
	if report.Seals == 0 {
		return errors.New("nothing is proven: no line of these files is sealed")
	}
	return nil
}

func readKeys(names []string) ([]ed25519.PublicKey, error) {
	var keys []ed25519.PublicKey
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		key, err := audit.ParsePublicKey(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

func readCheckpoints(name string, keys []ed25519.PublicKey) ([]audit.Checkpoint, error) {
	if name == "" {
		return nil, nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var points []audit.Checkpoint
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		if strings.TrimSpace(line) == "" {
			continue
		}
		point, err := audit.ParseCheckpoint(line, keys...)
		if err != nil {
			return nil, fmt.Errorf("line %d of %s: %w", n, name, err)
		}
		points = append(points, point)
	}
	return points, nil
}

// expand puts the files of directories in their places.
func expand(names []string) ([]string, error) {
	var files []string
	for _, name := range names {
		info, err := os.Stat(name)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			files = append(files, name)
			continue
		}
		within, err := audit.Files(name)
		if err != nil {
			return nil, err
		}
		files = append(files, within...)
	}
	if len(files) == 0 {
		return nil, errors.New("there are no files of an audit log")
	}
	return files, nil
}

func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

func describe(out io.Writer, r *audit.Report, files, points int) {
	if r.Seals == 0 {
		fmt.Fprintln(out, "There is nothing sealed in these files.")
	} else {
		fmt.Fprintf(out, "In good order: events %d to %d in %s, sealed from %s to %s.\n",
			r.Last.Seq+1-r.Events, r.Last.Seq, plural(files, "file"), r.First.Time.Format("2006-01-02 15:04:05"), r.Last.Time.Format("2006-01-02 15:04:05"))
	}
	if r.First.Seal > 1 {
		fmt.Fprintf(out, "The files begin with seal %d: what was before is not here.\n", r.First.Seal)
	}
	if points == 0 {
		fmt.Fprintln(out, "No checkpoints were given: whether something is cut off at the end cannot be told.")
	}
	if r.Earlier > 0 {
		fmt.Fprintf(out, "%d of %d checkpoints are older than these files.\n", r.Earlier, points)
	}
	if r.Abandoned > 0 {
		fmt.Fprintf(out, "%d lines do not count: the disk failed under them, as the log itself says, and they were not acknowledged.\n", r.Abandoned)
	}
	if r.Torn != nil {
		fmt.Fprintf(out, "From line %d of %s on, %d bytes are not sealed: they are being written, or a crash interrupted them. They were not acknowledged.\n",
			r.Torn.Line, r.Torn.File, r.Torn.Bytes)
	}
}
