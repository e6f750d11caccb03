package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// fixtures are the files that tests have had made.
var fixtures struct {
	sync.Mutex

	dir  string // from TestMain to its end
	made map[string]func() (path string, err error)
}

// fixture is a file of that name, alone in its folder. What several tests ask for by
// the same key is made once, and none of them changes it.
func fixture(t *testing.T, key, name string, write func(path string) error) string {
	t.Helper()
	fixtures.Lock()
	made, ok := fixtures.made[key]
	if !ok {
		dir := filepath.Join(fixtures.dir, strconv.Itoa(len(fixtures.made)))
		made = sync.OnceValues(func() (string, error) {
			path := filepath.Join(dir, name)
			err := os.Mkdir(dir, 0o700)
			if err == nil {
				err = write(path)
			}
			return path, err
		})
		fixtures.made[key] = made
	}
	fixtures.Unlock()
	path, err := made()
	if err != nil {
		t.Fatalf("making %s: %v", name, err)
	}
	return path
}

// byFFmpeg is a file of that name that ffmpeg makes of the arguments.
func byFFmpeg(t *testing.T, name string, args ...string) string {
	t.Helper()
	ffmpeg := tool(t, "ffmpeg")
	return fixture(t, name+" "+strings.Join(args, " "), name, func(path string) error {
		return tell(ffmpeg, append(append([]string{"-v", "error", "-nostdin"}, args...), path)...)
	})
}

// tell runs a program, whose output is in the error.
func tell(program string, args ...string) error {
	out, err := exec.CommandContext(context.Background(), program, args...).CombinedOutput() // no test's: others wait for it
	if err != nil {
		return errors.Join(err, fmt.Errorf("%s", out))
	}
	return nil
}
