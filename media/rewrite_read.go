package media

import (
	"context"
	"io"
)

// rewriteWindow is how much of the source is read at a time. Tracks of most files
// lie side by side, so that much of it is wanted.
const rewriteWindow = 1 << 20

// runReader copies runs of bytes out of a source, which it reads in large pieces.
type runReader struct {
	ctx context.Context //nolint:containedctx // it lives as long as one call
	r   io.ReaderAt
	buf []byte // what was read last, at off
	off int64
}

func newRunReader(ctx context.Context, r io.ReaderAt) *runReader {
	return &runReader{ctx: ctx, r: r, buf: make([]byte, 0, rewriteWindow)}
}

// copy writes n bytes at off to w.
func (s *runReader) copy(w io.Writer, off, n int64) error {
	for n > 0 {
		b, err := s.at(off, n)
		if err != nil {
			return err
		}
		if _, err := w.Write(b); err != nil {
			return err
		}
		off, n = off+int64(len(b)), n-int64(len(b))
	}
	return nil
}

// at returns up to n bytes at off, at least one, valid until the next call.
func (s *runReader) at(off, n int64) ([]byte, error) {
	if off < s.off || off >= s.off+int64(len(s.buf)) {
		if err := s.ctx.Err(); err != nil {
			return nil, err
		}
		got, err := s.r.ReadAt(s.buf[:cap(s.buf)], off)
		s.buf, s.off = s.buf[:got], off
		if got == 0 {
			if err == nil || err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
	}
	b := s.buf[off-s.off:]
	return b[:min(int64(len(b)), n)], nil
}
