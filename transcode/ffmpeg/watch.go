package ffmpeg

import (
	"context"
	"fmt"
	"time"
)

// watchEvery is how often a run is looked at.
const watchEvery = 250 * time.Millisecond

// A watchdog decides from one look to the next whether a run goes on.
type watchdog struct {
	limits      Limits
	bytes, free int64 // of all runs together; what has to stay free

	began, moved time.Time
	at           int64
}

// A look is how a run stands.
type look struct {
	now      time.Time
	progress int64 // changes with progress
	steady   bool  // there is no progress to speak of
	own, all int64 // bytes in its directory, and in those of all runs
	free     int64 // on their file system
	known    bool  // free is
}

// measure says how much there is.
func (l *look) measure(dir *workdir) {
	l.own, l.all = dir.count()
	l.free, l.known = freeBytes(dir.path)
}

// crowded says that there is more than may be, or less room than has to stay.
func (w *watchdog) crowded(l *look) bool {
	return l.all > w.bytes || l.known && l.free < w.free
}

// judge returns why the run has to end, or nil.
func (w *watchdog) judge(l *look) *limitError {
	if l.progress != w.at {
		w.at, w.moved = l.progress, l.now
	}
	switch {
	case l.own > w.limits.Output:
		return &limitError{OutputLimit, "it wrote more than " + size(w.limits.Output)}
	case l.all > w.bytes:
		return &limitError{DiskFull, "all runs together, and copies of what they read, have more than " + size(w.bytes)}
	case l.known && l.free < w.free && l.own > 0:
		return &limitError{DiskFull, fmt.Sprintf("the disk has %s left, and %s have to stay free", size(l.free), size(w.free))}
	case l.now.Sub(w.began) >= w.limits.Time:
		return &limitError{TimeLimit, fmt.Sprintf("it took longer than %v", w.limits.Time)}
	case !l.steady && l.now.Sub(w.moved) >= w.limits.Stall:
		return &limitError{Stuck, fmt.Sprintf("it made no progress for %v", w.limits.Stall)}
	}
	return nil
}

// watch ends a process that goes beyond its limits. The channel has the peak of its
// address space once ctx has ended.
func (r *Runner) watch(ctx context.Context, end context.CancelCauseFunc, p *process, dir *workdir, pid int) <-chan int64 {
	peak := make(chan int64, 1)
	now := time.Now()
	w := &watchdog{limits: p.limits, bytes: r.o.Bytes, free: r.o.Free, began: now, moved: now}
	go func() {
		tick := time.NewTicker(watchEvery)
		defer tick.Stop()
		for {
			l := &look{now: time.Now(), steady: p.progress == nil}
			l.measure(dir)
			if w.crowded(l) && dir.s.relieve() {
				l.measure(dir)
			}
			if p.progress != nil {
				l.progress = p.progress()
			}
			if why := w.judge(l); why != nil {
				end(why)
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	}()
	go func() { peak <- mostAddressSpace(ctx, pid) }()
	return peak
}

// mostAddressSpace looks often at first: what a program asks for it asks for early,
// and it may fail by that at once.
func mostAddressSpace(ctx context.Context, pid int) (most int64) {
	for wait := 2 * time.Millisecond; ; wait = min(wait+wait/16, watchEvery) {
		most = max(most, addressSpace(pid))
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return most
		}
	}
}
