package ffmpeg

import (
	"context"
	"errors"
	"fmt"
)

// Run runs ffmpeg and returns when it has ended. When ctx ends, it is gone within a
// second. The error is a *RunError, or ErrCommand, ErrType, ErrBusy, ErrClosed or a
// *MissingError of a run that never began. Nothing is left of a failed run; the
// Result of a successful one is closed by the caller.
//
// Exit code 0 is success, also where ffmpeg complained of parts of the file and
// went on: Result.Complaints tells.
func (r *Runner) Run(ctx context.Context, c *Command) (*Result, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	ctx, leave, err := r.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	tools, err := r.Tools(ctx)
	if err != nil {
		return nil, err
	}
	limits := c.Limits.or(r.o.Limits)
	threads := c.Threads
	if threads <= 0 {
		threads = r.o.Threads
	}
	m := newMeter(c.Start, c.Length, c.Progress)
	p := &process{
		program: "ffmpeg", path: tools.FFmpeg, inputs: c.Inputs, limits: limits, hardware: c.Hardware, stdout: m,
		args:     func(opened []string) []string { return c.arguments(opened, limits, threads) },
		progress: func() int64 { _, at := m.now(); return at },
		begun:    c.Begun,
	}
	dir, err := r.scratch.take()
	if err != nil {
		return nil, err
	}
	out, err := r.execute(ctx, p, dir)
	if err != nil {
		return nil, failed(err, dir)
	}
	dir.count() // what it has written since it was looked at last
	progress, _ := m.now()
	return &Result{
		Dir: dir.path, Log: out.log, Complaints: grave(complaints(out.log)), Progress: progress,
		Elapsed: out.elapsed, CPU: out.usage.cpu, Memory: out.usage.memory,
		close: dir.remove,
	}, nil
}

// failed removes what a failed run has written.
func failed(err error, dir *workdir) error {
	if e := dir.remove(); e != nil {
		return errors.Join(err, fmt.Errorf("ffmpeg: what a failed run has left: %w", e))
	}
	return err
}
