package ffmpeg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
)

// A Remote is a file that lies where programs cannot read it: on another machine.
type Remote struct {
	// ID names its content: two files of one ID have the same bytes.
	ID string

	// Size in bytes; at least one.
	Size int64

	// Fetch writes all of it to dst, and gives up when ctx ends: that is not the
	// context of one caller, for several may wait for the file. What it has checked
	// against a sum it refuses by an error.
	Fetch func(ctx context.Context, dst io.Writer) error
}

// A Copy is a file here that has the bytes of a Remote.
type Copy struct {
	// Path is its name, for Input.Path: each run opens it by itself, and has an offset
	// of its own. Nobody may write to it.
	Path string

	close func()
}

// Close says that it is not needed any more. A second call does nothing.
func (c *Copy) Close() { c.close() }

// Copy returns a copy of a file, whole, in the Runner's directory; close it after the
// runs that read it. All who ask for a file while it is there, or on its way, have the
// same copy, and it is fetched once. It goes Options.Keep after the last of them has
// closed it, or some seconds after, where others need its room. When ctx ends, so does
// the waiting, and the fetching where nobody else waits.
//
// A copy counts to Options.Bytes from the beginning, in its whole size, and leaves
// Options.Free to others. Where others of the Runner have that room the error is
// ErrBusy, and a *RunError of class DiskFull where to wait for them would not help.
// Other errors are those of Fetch, ErrClosed, and ErrCopy for a file that has another
// size than it says.
func (r *Runner) Copy(ctx context.Context, f Remote) (*Copy, error) {
	if f.ID == "" || f.Size <= 0 || f.Fetch == nil {
		return nil, fmt.Errorf("ffmpeg: a file of %d bytes cannot be copied: %w", f.Size, ErrCopy)
	}
	c, err := r.ask(ctx, &f)
	if err != nil {
		return nil, err
	}
	select {
	case <-c.ended:
		err = c.err
	case <-ctx.Done():
		err = fmt.Errorf("ffmpeg: waiting for a copy: %w", context.Cause(ctx))
	}
	if err != nil {
		r.scratch.leave(c)
		return nil, err
	}
	return &Copy{Path: c.path, close: sync.OnceFunc(func() { r.scratch.leave(c) })}, nil
}

// ask finds a copy, or begins to fetch it.
func (r *Runner) ask(ctx context.Context, f *Remote) (*held, error) {
	fetching, stop := context.WithCancel(context.WithoutCancel(ctx))
	fetching, leave, err := r.enter(fetching)
	if err != nil {
		stop()
		return nil, err
	}
	c, first, err := r.scratch.claim(f, stop)
	if err != nil || !first {
		stop()
		leave()
		return c, err
	}
	go func() {
		defer leave()
		defer stop()
		r.fetch(fetching, c, f)
	}()
	return c, nil
}

// fetch fills a copy, and says that it is whole or why it is not there.
func (r *Runner) fetch(ctx context.Context, c *held, f *Remote) {
	err := r.fill(ctx, c, f)
	if cause := context.Cause(ctx); err != nil && errors.Is(cause, ErrClosed) {
		err = cause
	}
	r.scratch.filled(c, err)
}

func (r *Runner) fill(ctx context.Context, c *held, f *Remote) (err error) {
	file, err := os.OpenFile(c.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, copyMode)
	if err != nil {
		return fmt.Errorf("ffmpeg: a copy: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	w := &filling{ctx: ctx, file: file, c: c, free: r.o.Free}
	err = f.Fetch(ctx, w)
	switch {
	case w.err != nil:
		return w.err // Fetch may have said it in other words
	case err != nil:
		return err
	case c.written.Load() != f.Size:
		return fmt.Errorf("ffmpeg: %d bytes of %d came: %w", c.written.Load(), f.Size, ErrCopy)
	}
	return nil
}

// copyMode lets nobody write, this process neither, once it is open.
const copyMode = 0o400

// A filling is a copy as it is written.
type filling struct {
	ctx  context.Context //nolint:containedctx // one call's own
	file *os.File
	c    *held
	free int64 // has to stay
	look int64 // when it is looked whether it does
	err  error
}

// lookEvery is how many bytes are written between two looks at the disk.
const lookEvery = 16 << 20

func (w *filling) Write(p []byte) (int, error) {
	if w.err == nil {
		w.err = w.refuses(int64(len(p)))
	}
	if w.err != nil {
		return 0, w.err
	}
	n, err := w.file.Write(p)
	w.c.written.Add(int64(n))
	if err != nil {
		w.err = fmt.Errorf("ffmpeg: a copy: %w", err)
		if errors.Is(err, syscall.ENOSPC) {
			w.err = full("there is no room left on the disk for a copy of the file")
		}
	}
	return n, w.err
}

func (w *filling) refuses(more int64) error {
	if w.ctx.Err() != nil {
		return context.Cause(w.ctx)
	}
	at := w.c.written.Load()
	if at+more > w.c.size {
		return fmt.Errorf("ffmpeg: there are more than %d bytes: %w", w.c.size, ErrCopy)
	}
	if at < w.look {
		return nil
	}
	w.look = at + lookEvery
	if left, known := freeBytes(w.c.path); known && left < w.free {
		return full(fmt.Sprintf("the disk has %s left, and %s have to stay free: there is no room for a copy of the file", size(left), size(w.free)))
	}
	return nil
}

// full is the error of a copy for which there is no room, whoever is waited for.
func full(reason string) *RunError {
	return &RunError{Program: "ffmpeg", Class: DiskFull, Reason: reason, Exit: -1}
}
