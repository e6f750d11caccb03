package hls

import (
	"context"
	"io"

	"github.com/streamgate/streamgate/internal/mpegts"
	"github.com/streamgate/streamgate/media"
)

// farSamples reads the samples of a segment in their order, as they are asked for
// all at once where the source is far away (see readFar). What is read in between
// of other tracks is not there: nobody looks at it.
type farSamples struct {
	body    *body
	samples []media.Sample
	source  io.ReaderAt
}

// reader is what a transport stream reads samples from.
func (s source) reader(ctx context.Context, in *mpegts.Input) io.ReaderAt {
	if s.file != nil {
		return s
	}
	b := newBody()
	b.ctx, b.source = ctx, s.ReaderAt
	return &farSamples{body: b, samples: in.Samples, source: s.ReaderAt}
}

func (f *farSamples) release() { f.body.release() }

// ReadAt reads from within a sample to the end of that or a later one.
func (f *farSamples) ReadAt(p []byte, off int64) (n int, err error) {
	if !f.seek(off) {
		f.body.span.close()
		f.body.room = appendRuns(f.body.room[:0], f.samples)
		if f.body.runs = f.body.room; !f.seek(off) {
			return f.source.ReadAt(p, off)
		}
	}
	for n < len(p) {
		if len(f.body.runs) == 0 {
			return n, io.ErrUnexpectedEOF
		}
		r := f.body.runs[0]
		switch at := off + int64(n); {
		case r.offset < at:
			return n, io.ErrUnexpectedEOF // samples do not lie in their order: the next read finds it
		case r.offset > at:
			n += int(min(r.offset-at, int64(len(p)-n)))
			continue
		}
		k, err := f.body.readFar(p[n:min(int64(len(p)), int64(n)+r.length)])
		if n += k; err != nil {
			return n, err
		}
	}
	return n, nil
}

// seek passes over what lies before an offset, and reports whether it is there.
func (f *farSamples) seek(off int64) bool {
	b := f.body
	for len(b.runs) > 0 {
		if r := b.runs[0]; off >= r.offset && off < r.offset+r.length {
			b.skipRuns(off - r.offset)
			return true
		}
		b.runs = b.runs[1:]
	}
	return false
}
