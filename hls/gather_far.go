package hls

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"github.com/streamgate/streamgate/storage"
)

// Where the source is no file of the operating system each read may be a request
// to a server far away. All of a segment is then asked for at once, with what
// lies in between, which is thrown away.

const (
	// maxFarGap is the longest stretch of unwanted bytes that takes no longer to
	// arrive than the answer to another request would.
	maxFarGap = 4 << 20
	// maxFarRead is how much one ReadAt reads. A storage.RangeReader has no such
	// limit, since what it sends needs no memory.
	maxFarRead = 8 << 20
	// maxFarReads is how many bodies may hold so much at the same time. Others read
	// a block at a time: slow clients hold what was read for as long as they like.
	maxFarReads = 16
)

// A span is a stretch of the source that was asked for.
type span struct {
	io.ReadCloser
	at, end int64 // what comes next of it, and where it ends
}

func (s *span) close() {
	if s.ReadCloser != nil {
		_ = s.ReadCloser.Close() // it was only read
	}
	*s = span{}
}

// readFar reads of the next run what the span has, or asks for the span first.
func (b *body) readFar(p []byte) (n int, err error) {
	r := b.runs[0]
	if b.isPrefix(r) {
		return b.readPrefix(p), nil
	}
	if b.span.ReadCloser == nil || r.offset < b.span.at || r.offset >= b.span.end {
		if err := b.ask(); err != nil {
			return 0, err
		}
	}
	s := &b.span
	if s.at < r.offset {
		skipped, err := io.CopyN(io.Discard, s, r.offset-s.at)
		s.at += skipped
		if err != nil {
			return 0, short(err)
		}
	}
	n, err = io.ReadFull(s, p[:min(r.length, int64(len(p)), s.end-s.at)])
	s.at += int64(n)
	b.skipRuns(int64(n))
	if s.at == s.end {
		s.close() // who is slow to take the last of it holds no more than that
	}
	return n, short(err)
}

// ask asks for the next runs, as far as they lie together.
func (b *body) ask() error {
	b.span.close()
	from := b.runs[0].offset
	end := from + b.runs[0].length
	for _, r := range b.runs[1:] {
		if b.isPrefix(r) {
			continue
		}
		if r.offset < end || r.offset > end+maxFarGap {
			break
		}
		end = r.offset + r.length
	}
	s, err := b.open(from, end)
	if err == nil {
		b.span = s
	}
	return err
}

// open asks for the bytes from one place to another, or for the first of them.
func (b *body) open(from, end int64) (span, error) {
	if ranges, ok := b.source.(storage.RangeReader); ok {
		ctx := b.ctx
		if ctx == nil {
			ctx = context.Background()
		}
		r, err := ranges.ReadRange(ctx, from, end-from)
		return span{r, from, end}, err
	}
	held := hold(end - from)
	n, err := b.source.ReadAt(held.room, from)
	if n == 0 {
		_ = held.Close() // it has nothing to say
		return span{}, short(err)
	}
	held.Reset(held.room[:n]) // of what is missing is heard when it is asked for
	return span{held, from, from + int64(n)}, nil
}

// short makes the error of a source that has less than the index knows of.
func short(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// A holding is memory with a part of the source.
type holding struct {
	bytes.Reader

	room  []byte
	large bool
}

var (
	holdings   = sync.Pool{New: func() any { return new(holding) }}
	largeHolds atomic.Int32
)

// hold returns memory for n bytes, or for fewer.
func hold(n int64) *holding {
	h := holdings.Get().(*holding)
	if n > blockSize {
		if h.large = largeHolds.Add(1) <= maxFarReads; !h.large {
			largeHolds.Add(-1)
			n = blockSize
		}
	}
	n = min(n, maxFarRead)
	if int64(cap(h.room)) < n {
		h.room = make([]byte, n)
	}
	h.room = h.room[:n]
	return h
}

func (h *holding) Close() error {
	if h.large {
		largeHolds.Add(-1)
		h.large = false
	}
	h.Reset(nil)
	holdings.Put(h)
	return nil
}
