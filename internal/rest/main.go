// Command rest runs a `go test -json -short`, tells of it what go test tells without
// -json, and writes down what it has left out: tests that were skipped, or that say by
// an attribute called short that they did some of what they do. Another run can catch
// up with those, and need not repeat the others.
//
//	rest -o FILE go test -json -short ./...
//	go test $(cat FILE)
//
// The file is empty where nothing was left out.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
)

func main() {
	out := flag.String("o", "", "the `file` for what is left")
	flag.Parse()
	code, err := run(*out, flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "rest:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// run returns the exit code of the command.
func run(out string, command []string) (code int, err error) {
	if out == "" || len(command) == 0 {
		return 2, errors.New("usage: rest -o FILE COMMAND")
	}
	cmd := exec.CommandContext(context.Background(), command[0], command[1:]...) // it is this process that somebody interrupts
	cmd.Stderr = os.Stderr
	events, err := cmd.StdoutPipe()
	if err != nil {
		return 1, err
	}
	if err := cmd.Start(); err != nil {
		return 1, err
	}
	r := report{to: os.Stdout}
	err = errors.Join(r.read(events), drain(events))
	ended := cmd.Wait()
	if exit, ok := errors.AsType[*exec.ExitError](ended); ok {
		code, ended = max(exit.ExitCode(), 1), nil
	}
	return code, errors.Join(err, ended, os.WriteFile(out, []byte(r.rest()), 0o600))
}

// drain lets a command end that nobody listens to any more.
func drain(r io.Reader) error {
	_, err := io.Copy(io.Discard, r)
	return err
}
