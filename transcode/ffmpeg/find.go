package ffmpeg

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"
)

// Variable is the environment variable that may have the path of ffmpeg.
const Variable = "STREAMGATE_FFMPEG"

// askTimeout is for a program that is asked what it is, and never answers. It holds
// for each question: on a busy machine one that does may take a third of it.
const askTimeout = time.Minute

// Find looks for ffmpeg: at path if that is not empty, else where the environment
// variable STREAMGATE_FFMPEG points, else on the PATH; and for ffprobe in the same
// folder, else on the PATH. ffmpeg is started to tell its version and parts, which
// takes some half a second. What is named and is not there is not replaced by what
// is found elsewhere. The error is a *MissingError, or that of ctx.
func Find(ctx context.Context, path string) (*Tools, error) {
	t, err := locate(path)
	if err != nil {
		return nil, err
	}
	if err := t.ask(ctx); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, &MissingError{Program: "ffmpeg", Looked: []string{t.FFmpeg}, Install: install(path), Cause: err}
	}
	return t, nil
}

// locate finds the two programs and starts neither.
func locate(path string) (*Tools, error) {
	where, looked := path, path
	if where == "" {
		where = os.Getenv(Variable)
		looked = Variable + "=" + where
	}
	if where == "" {
		where, looked = "ffmpeg", "PATH"
	}
	ffmpeg, err := program(where)
	if err != nil {
		return nil, missing("ffmpeg", path, err, looked)
	}
	beside := filepath.Join(filepath.Dir(ffmpeg), executable("ffprobe"))
	ffprobe, err := program(beside)
	if err != nil {
		if ffprobe, err = program("ffprobe"); err != nil {
			return nil, missing("ffprobe", path, err, beside, "PATH")
		}
	}
	return &Tools{FFmpeg: ffmpeg, FFprobe: ffprobe, path: path}, nil
}

// missing tells a program that may not be run from one that is not there; path is what is
// configured.
func missing(name, path string, err error, looked ...string) error {
	e := &MissingError{Program: name, Looked: looked, Install: install(path)}
	if !errors.Is(err, exec.ErrNotFound) && !errors.Is(err, os.ErrNotExist) {
		e.Cause = err
	}
	return e
}

// program is the absolute path of what is to be run.
func program(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return "", err
	}
	return filepath.Abs(path)
}

func executable(name string) string {
	if runtime.GOOS == "windows" {
		return name + ".exe"
	}
	return name
}
