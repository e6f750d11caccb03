package hls

import (
	"context"
	"errors"
)

// heldBack is how much of a body is only sent when the file turned out to be what
// it was when it was opened.
const heldBack = 4 << 10

var errOverwritten = errors.New("the file was written while it was sent")

// from says where a body is sent from.
func (b *body) from(ctx context.Context, src source) {
	b.ctx, b.source, b.file, b.as = ctx, src.ReaderAt, src.file, src.as
}

// unchanged is an error where somebody wrote into the file since it was opened:
// what was read of it may be of two files. It is asked when everything was read,
// and before the last of it is sent, so that no such answer looks whole.
func (b *body) unchanged() error {
	if b.file == nil || b.as == (stamp{}) {
		return nil
	}
	info, err := b.file.Stat()
	if err == nil && stampOf(info) != b.as {
		err = errOverwritten
	}
	b.readErr = err
	return err
}

// holdBack takes the end of the last run off.
func (b *body) holdBack() run {
	n := len(b.runs) - 1
	last := &b.runs[n]
	if last.length <= heldBack {
		held := *last
		b.runs = b.runs[:n]
		return held
	}
	last.length -= heldBack
	return run{last.offset + last.length, heldBack}
}
