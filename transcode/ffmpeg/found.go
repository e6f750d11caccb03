package ffmpeg

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"
)

// A found is ffmpeg as it was found, and the files that it was.
type found struct {
	mu    sync.Mutex
	tools *Tools
	was   [2]os.FileInfo
	told  string // why it is missing, as the log has it; "" while it is there
}

// Tools returns ffmpeg as it is now: what was found before if that is still the same
// file, else by a new look. The error is that of Find.
func (r *Runner) Tools(ctx context.Context) (*Tools, error) {
	r.found.mu.Lock()
	defer r.found.mu.Unlock()
	if t, err := locate(r.o.Path); err == nil && r.found.still(t) {
		return r.found.tools, nil
	}
	t, err := Find(ctx, r.o.Path)
	if err != nil {
		r.tellMissing(ctx, err)
		return nil, err
	}
	r.found.tools, r.found.told = t, ""
	r.o.Logger.InfoContext(ctx, "ffmpeg is there", "path", t.FFmpeg, "version", t.Version)
	for i, path := range []string{t.FFmpeg, t.FFprobe} {
		r.found.was[i], _ = os.Stat(path) // a file that went meanwhile is found to have changed
	}
	return t, nil
}

// tellMissing says in the log that ffmpeg is missing: once, and not at each look.
func (r *Runner) tellMissing(ctx context.Context, err error) {
	if why := err.Error(); errors.Is(err, ErrMissing) && why != r.found.told {
		r.found.told = why
		r.o.Logger.WarnContext(ctx, "ffmpeg is missing; what needs it waits", "reason", err)
	}
}

// still says whether what is located now is what was asked then.
func (f *found) still(now *Tools) bool {
	if f.tools == nil {
		return false
	}
	for i, path := range []string{now.FFmpeg, now.FFprobe} {
		was := f.was[i]
		is, err := os.Stat(path)
		if err != nil || was == nil || !os.SameFile(is, was) || is.Size() != was.Size() || !is.ModTime().Equal(was.ModTime()) {
			return false
		}
	}
	return true
}

// Await is Tools that waits while ffmpeg is missing, until it appears or ctx ends,
// whose error it then returns together with that of Find.
func (r *Runner) Await(ctx context.Context) (*Tools, error) {
	for {
		t, err := r.Tools(ctx)
		if err == nil || !errors.Is(err, ErrMissing) {
			return t, err
		}
		select {
		case <-time.After(r.o.Look):
		case <-r.closing:
			return nil, errors.Join(ErrClosed, err)
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), err)
		}
	}
}
