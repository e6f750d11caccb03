package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// maxLine is more than any line of an Event.
const maxLine = maxEncoded + maxField

// hurry is how many waiting bytes end a Delay.
const hurry = 256 << 10

// Append implements Sink. It returns when the event is on the disk, or under
// NoWait when it is in memory.
func (f *File) Append(ctx context.Context, _ *Event, line []byte) error {
	if len(line) > maxLine || !bytes.HasPrefix(line, []byte(`{"`)) || bytes.IndexByte(line, '\n') != len(line)-1 {
		return errors.New("audit: what is to be appended is not one line with an object")
	}
	b, err := f.enqueue(line, false)
	if err != nil || f.o.NoWait {
		return err
	}
	return b.wait(ctx)
}

// enqueue adds a line to what is written next, and with rotate that to a new file.
func (f *File) enqueue(line []byte, rotate bool) (*batch, error) {
	f.mu.Lock()
	b := f.pending
	before := len(b.lines)
	switch {
	case f.closed:
		f.mu.Unlock()
		return nil, errClosed
	case f.failing != nil:
		err := f.failing
		f.mu.Unlock()
		return nil, err
	case before+len(line) > f.o.Buffer:
		f.mu.Unlock()
		return nil, errBehind
	}
	b.lines = append(b.lines, line...)
	f.rotate = f.rotate || rotate
	f.urgent = f.urgent || rotate
	f.mu.Unlock()
	if before == 0 || rotate || before < hurry && len(line) >= hurry-before {
		f.nudge()
	}
	return b, nil
}

// note records what happens to the log itself.
func (f *File) note(action string, details ...slog.Attr) {
	e := Event{Time: time.Now(), Action: action, Resource: "audit/" + f.dir, Outcome: Success, Details: details}
	_, _ = f.enqueue(append(e.AppendJSON(nil), '\n'), false) // nothing waits yet that it could not follow
}

// Rotate begins a new file with an event "audit.rotated", and returns when that
// is durable. The files before it may be moved, compressed or deleted then; the
// newest must stay where it is, since the chain goes on from it after a restart.
func (f *File) Rotate(ctx context.Context) error {
	e := Event{Time: time.Now(), Action: "audit.rotated", Resource: "audit/" + f.dir, Outcome: Success}
	b, err := f.enqueue(append(e.AppendJSON(nil), '\n'), true)
	if err != nil {
		return fmt.Errorf("audit: rotating: %w", err)
	}
	return b.wait(ctx)
}

// Sync returns when all that was appended before is on the disk, which matters
// under NoWait.
func (f *File) Sync(ctx context.Context) error {
	f.mu.Lock()
	b := f.pending
	if len(b.lines) == 0 {
		b = f.flying
	}
	f.urgent = true
	f.mu.Unlock()
	if b == nil {
		return nil
	}
	f.nudge()
	return b.wait(ctx)
}

// nudge wakes the writer. It never blocks.
func (f *File) nudge() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// wait waits until the batch is on the disk, or is given up.
func (b *batch) wait(ctx context.Context) error {
	select {
	case <-b.done:
		return b.err
	case <-ctx.Done():
		return fmt.Errorf("audit: waiting for the disk: %w", ctx.Err())
	}
}
