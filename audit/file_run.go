package audit

import (
	"fmt"
	"log/slog"
	"time"
)

const (
	firstAgain = 100 * time.Millisecond
	lastAgain  = 5 * time.Second
)

// run is the goroutine that writes, until Close.
func (f *File) run() {
	defer close(f.done)
	for {
		select {
		case <-f.wake:
			f.gather()
			f.flush()
		case <-f.stop:
			f.flush()
			return
		}
	}
}

// gather waits for company under NoWait, when nobody waits for the disk.
func (f *File) gather() {
	if !f.o.NoWait {
		return
	}
	delay := time.NewTimer(f.o.Delay)
	defer delay.Stop()
	for {
		f.mu.Lock()
		enough := f.urgent || len(f.pending.lines) >= hurry
		f.mu.Unlock()
		if enough {
			return
		}
		select {
		case <-f.wake:
		case <-delay.C:
			return
		case <-f.stop:
			return
		}
	}
}

// flush writes what is pending.
func (f *File) flush() {
	f.mu.Lock()
	b, rotate := f.pending, f.rotate
	f.urgent = false
	if len(b.lines) == 0 {
		f.mu.Unlock()
		return
	}
	f.pending, f.flying, f.spare, f.rotate = newBatch(f.spare), b, nil, false
	f.mu.Unlock()

	if rotate {
		f.writing.turn()
	}
	err := f.writing.commit(b.lines)
	if f.o.NoWait {
		err = f.again(b, err)
	}
	if err != nil {
		b.err = fmt.Errorf("audit: writing to %s: %w", f.dir, err)
	}
	f.mu.Lock()
	f.flying, f.shown = nil, f.writing.place()
	if cap(b.lines) <= 4*hurry {
		f.spare = b.lines
	}
	f.mu.Unlock()
	close(b.done)
	if f.points != nil && err == nil {
		f.points.set(f.writing.last)
	}
}

// again tries to write what nobody waits for until it works: meanwhile Append
// fails. Close ends it after one more try.
func (f *File) again(b *batch, err error) error {
	if err == nil {
		return nil
	}
	f.o.Logger.Error("the audit log cannot be written; events wait", slog.String("dir", f.dir), slog.Any("error", err))
	wait := firstAgain
	for last := false; err != nil && !last; wait = min(2*wait, lastAgain) {
		f.mu.Lock()
		f.failing = err
		f.mu.Unlock()
		pause := time.NewTimer(wait)
		select {
		case <-pause.C:
		case <-f.stop:
			last = true
		}
		pause.Stop()
		err = f.writing.commit(b.lines)
	}
	f.mu.Lock()
	f.failing = nil
	f.mu.Unlock()
	if err != nil {
		f.lost = fmt.Errorf("audit: events were not written to %s: %w", f.dir, err)
		return err
	}
	f.o.Logger.Info("the audit log is written again", slog.String("dir", f.dir))
	return nil
}
