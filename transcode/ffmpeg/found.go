package ffmpeg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// A found is ffmpeg as it was found, and the files that it was.
type found struct {
	mu    sync.Mutex
	tools *Tools
	was   [2]os.FileInfo
	now   *search // that is on its way; nil for none
	told  string  // why it is missing, as the log has it; "" while it is there
}

// A search is for ffmpeg, for all who want to know at the same time.
type search struct {
	waiting int           // who do; guarded by found.mu
	stop    func()        // once nobody does
	ended   chan struct{} // when it is closed, what follows is there
	tools   *Tools
	err     error
}

// Tools returns ffmpeg as it is now: what was found before if that is still the same
// file, else by a new look, one for all who ask meanwhile. The error is that of Find,
// ErrClosed, or that of ctx, which ends the waiting, and the look where nobody else waits.
func (r *Runner) Tools(ctx context.Context) (*Tools, error) {
	where, err := locate(r.o.Path)
	if err != nil {
		r.found.mu.Lock()
		defer r.found.mu.Unlock()
		r.tellMissing(ctx, err)
		return nil, err
	}
	tools, s, err := r.search(ctx, where)
	if s == nil {
		return tools, err
	}
	defer r.found.leave(s)
	select {
	case <-s.ended:
		return s.tools, s.err
	case <-ctx.Done():
		return nil, fmt.Errorf("ffmpeg: asking what it can do: %w", context.Cause(ctx))
	}
}

// search returns what was found before, or a search that the caller has to leave.
func (r *Runner) search(ctx context.Context, where *Tools) (*Tools, *search, error) {
	f := &r.found
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.still(where) {
		return f.tools, nil, nil
	}
	if f.now != nil {
		f.now.waiting++
		return nil, f.now, nil
	}
	ctx, leave, err := r.enter(context.WithoutCancel(ctx))
	if err != nil {
		return nil, nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	s := &search{waiting: 1, stop: stop, ended: make(chan struct{})}
	f.now = s
	go func() {
		defer leave()
		defer stop()
		r.find(ctx, s)
	}()
	return nil, s, nil
}

// find looks, and tells who wait.
func (r *Runner) find(ctx context.Context, s *search) {
	var was [2]os.FileInfo
	s.tools, s.err = Find(ctx, r.o.Path)
	if cause := context.Cause(ctx); s.err != nil && errors.Is(cause, ErrClosed) {
		s.err = cause
	}
	if s.err == nil {
		for i, path := range []string{s.tools.FFmpeg, s.tools.FFprobe} {
			was[i], _ = os.Stat(path) // a file that went meanwhile is found to have changed
		}
	}
	r.found.mu.Lock()
	defer r.found.mu.Unlock()
	if s.err == nil {
		r.found.tools, r.found.was, r.found.told = s.tools, was, ""
		r.o.Logger.InfoContext(ctx, "ffmpeg is there", "path", s.tools.FFmpeg, "version", s.tools.Version)
	} else {
		r.tellMissing(ctx, s.err)
	}
	if r.found.now == s {
		r.found.now = nil
	}
	close(s.ended)
}

// tellMissing says in the log that ffmpeg is missing: once, and not at each look.
// r.found.mu is held.
func (r *Runner) tellMissing(ctx context.Context, err error) {
	if why := err.Error(); errors.Is(err, ErrMissing) && why != r.found.told {
		r.found.told = why
		r.o.Logger.WarnContext(ctx, "ffmpeg is missing; what needs it waits", "reason", err)
	}
}

// leave ends a search for which nobody waits any more.
func (f *found) leave(s *search) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if s.waiting--; s.waiting > 0 {
		return
	}
	s.stop()
	if f.now == s {
		f.now = nil // who comes now is not to get its end
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
