package ffmpeg

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// A Runner runs ffmpeg and ffprobe, each in a directory of its own below one that
// is given to it. It is safe for concurrent use. Runners of several processes may
// share the directory.
type Runner struct {
	o       Options
	scratch *scratch
	box     sandbox
	closing chan struct{}

	mu   sync.Mutex
	open map[*context.CancelCauseFunc]bool // ends of the runs; nil once it is closed
	runs sync.WaitGroup

	found  found
	trials trials
}

// New returns a Runner with its directories below dir, which is made where it is
// not there, and removes what runs of processes left there that are no more. It
// does not want ffmpeg to be installed. Close it.
func New(dir string, o *Options) (*Runner, error) {
	if dir == "" {
		return nil, errors.New("ffmpeg: New needs a directory for what runs write")
	}
	d := o.withDefaults()
	s, err := openScratch(dir, &d)
	if err != nil {
		return nil, fmt.Errorf("ffmpeg: a directory for runs: %w", err)
	}
	r := &Runner{
		o: d, scratch: s, box: detectSandbox(d.Read),
		closing: make(chan struct{}), open: make(map[*context.CancelCauseFunc]bool),
	}
	if missing := r.box.state.Missing; missing != "" {
		d.Logger.Warn("the sandbox for ffmpeg is not complete", "missing", missing)
	}
	return r, nil
}

// Sandbox says what keeps the programs from the rest of the system.
func (r *Runner) Sandbox() Sandbox { return r.box.state }

// Usage is how many runs have a directory, those whose results are not closed among
// them, and how many bytes these had when they were last looked at.
func (r *Runner) Usage() (runs int, bytes int64) { return r.scratch.usage() }

// Close refuses further runs, ends those that are on their way, and returns when
// their processes and all directories are gone, those of results that are not
// closed among them. A second call does nothing.
func (r *Runner) Close() error {
	r.mu.Lock()
	if r.open == nil {
		r.mu.Unlock()
		return nil
	}
	close(r.closing)
	for end := range r.open {
		(*end)(ErrClosed)
	}
	r.open = nil
	r.mu.Unlock()
	r.runs.Wait()
	return r.scratch.close()
}

// enter begins a run, unless the Runner is closed. Its context ends with the
// Runner; leave has to be called.
func (r *Runner) enter(ctx context.Context) (_ context.Context, leave func(), err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.open == nil {
		return nil, nil, ErrClosed
	}
	ctx, end := context.WithCancelCause(ctx)
	r.runs.Add(1)
	r.open[&end] = true
	return ctx, func() {
		end(nil)
		r.mu.Lock()
		delete(r.open, &end)
		r.mu.Unlock()
		r.runs.Done()
	}, nil
}
