package hls

import (
	"context"
	"io"
	"os"
	"sync"

	"github.com/streamgate/streamgate/media"
)

// A run is bytes that stand together in the source.
type run struct {
	offset, length int64
}

// A body is a segment, or a range of one, on its way out: first head, then the
// runs. How it leaves depends on who takes it: WriteTo a TCP connection hands
// the runs to the kernel, WriteTo anything else and Read gather them in memory.
// It is used once, by one goroutine.
type body struct {
	head    []byte // what is left of it
	runs    []run  // what is left of them
	source  io.ReaderAt
	file    *os.File // the source where it is a file; else nil
	as      stamp    // of the file, when it was opened; zero is not known
	readErr error    // why the source could not be read

	samples []media.Sample // kept for their memory, as are these:
	space   []byte
	room    []run
	scatter *scatter

	ctx  context.Context //nolint:containedctx // of the one request that the body answers; nil is none
	span span

	prefix   []byte // what all samples begin with, where it is not read from the source
	prefixAt int64  // where it is there

	subsamples []media.Subsample // of all samples, where they are encrypted so
	counts     []uint8           // how many each has
	holds      bool              // memory that largeHolds counts
}

var bodies = sync.Pool{New: func() any { return new(body) }}

func newBody() *body { return bodies.Get().(*body) }

// release gives the body's memory to the next one.
func (b *body) release() {
	b.span.close()
	if b.holds {
		largeHolds.Add(-1)
	}
	*b = body{
		samples: b.samples[:0], space: b.space[:0], room: b.room[:0], scatter: b.scatter,
		subsamples: b.subsamples[:0], counts: b.counts[:0],
	}
	bodies.Put(b)
}

// fill makes b the segment n of t, whose samples are in b.samples. It returns
// how many bytes that is.
func (b *body) fill(t *media.Track, n int) int64 {
	b.space = appendFragment(b.space[:0], t, n, b.samples)
	b.head = b.space
	b.room = appendRuns(b.room[:0], b.samples, t.Prefix)
	b.runs = b.room
	return b.left()
}

// appendRuns merges neighbouring samples. Where all begin with the same, which
// the source has elsewhere, that comes before each.
func appendRuns(dst []run, samples []media.Sample, prefix media.Prefix) []run {
	for i := range samples {
		offset, length := samples[i].Offset, int64(samples[i].Size)-int64(prefix.Size)
		if prefix.Size > 0 {
			dst = append(dst, run{prefix.Offset, int64(prefix.Size)})
		}
		if n := len(dst); n > 0 && dst[n-1].offset+dst[n-1].length == offset {
			dst[n-1].length += length
		} else if length > 0 {
			dst = append(dst, run{offset, length})
		}
	}
	return dst
}

// left is how many bytes are still to be sent.
func (b *body) left() int64 {
	n := int64(len(b.head))
	for _, r := range b.runs {
		n += r.length
	}
	return n
}

// cut leaves only the bytes of r, which must lie within the body.
func (b *body) cut(r byteRange) {
	b.skip(r.start)
	keep := r.length
	if n := int64(len(b.head)); keep < n {
		b.head = b.head[:keep]
	}
	keep -= int64(len(b.head))
	for i := range b.runs {
		if keep <= b.runs[i].length {
			if keep > 0 {
				b.runs[i].length = keep
				i++
			}
			b.runs = b.runs[:i]
			return
		}
		keep -= b.runs[i].length
	}
}

// skip drops n bytes from the front.
func (b *body) skip(n int64) {
	k := min(n, int64(len(b.head)))
	b.head = b.head[k:]
	b.skipRuns(n - k)
}

func (b *body) skipRuns(n int64) {
	for n > 0 && len(b.runs) > 0 {
		r := &b.runs[0]
		if n < r.length {
			r.offset += n
			r.length -= n
			return
		}
		n -= r.length
		b.runs = b.runs[1:]
	}
}
