package media

import (
	"context"
	"encoding/binary"
	"io"

	"github.com/streamgate/streamgate/internal/problem"
)

const (
	window       = 8 << 10 // bytes read at once while walking boxes
	sparseWindow = 1 << 10 // while skipping from frame to frame: a few packets of sound, and the header of the next picture
)

// source is the file being parsed: a bounds-checked, buffered ReaderAt. All
// memory it takes is bounded by what is asked of it, never by what the file
// claims.
type source struct {
	ctx  context.Context //nolint:containedctx // it lives as long as one call of Parse
	r    io.ReaderAt
	size int64
	have int64 // of size, from the beginning: what may be read
	buf  []byte
	off  int64 // of buf in the file
	n    int   // bytes valid in buf

	sparse bool // small things far apart are read: less is read ahead
	ahead  int  // of that
	looked int  // EBML elements read
}

func newSource(ctx context.Context, r io.ReaderAt, size int64) *source {
	return &source{ctx: ctx, r: r, size: size, have: size}
}

// bytes returns n bytes at off, valid until the next call.
func (s *source) bytes(off int64, n int) ([]byte, error) {
	if off < 0 || n < 0 || off > s.size-int64(n) {
		return nil, problem.Errorf(ErrInvalid, "the file ends at byte %d, within something that it announces", s.size)
	}
	if off > s.have-int64(n) {
		return nil, errMore
	}
	if off < s.off || off+int64(n) > s.off+int64(s.n) {
		if err := s.fill(off, n); err != nil {
			return nil, err
		}
	}
	i := int(off - s.off)
	return s.buf[i : i+n], nil
}

func (s *source) fill(off int64, n int) error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	want := int(min(int64(max(n, s.window(off))), s.have-off))
	if cap(s.buf) < want {
		s.buf = make([]byte, want)
	}
	s.off, s.n = off, 0
	if err := s.readFull(s.buf[:want], off); err != nil {
		return err
	}
	s.n = want
	return nil
}

// window is how much is read at off: where things lie far apart little, and more
// with each read that goes on where the one before ended.
func (s *source) window(off int64) int {
	switch {
	case !s.sparse:
		return window
	case off > s.off+int64(s.n) || off < s.off || s.ahead == 0:
		s.ahead = sparseWindow
	default:
		s.ahead = min(2*s.ahead, window)
	}
	return s.ahead
}

// readFull reads exactly len(b) bytes, which the caller knows to lie within size.
func (s *source) readFull(b []byte, off int64) error {
	if off > s.have-int64(len(b)) {
		return errMore
	}
	n, err := s.r.ReadAt(b, off)
	if n == len(b) {
		return nil
	}
	if err == nil || err == io.EOF {
		return problem.Errorf(ErrInvalid, "the file ends at byte %d, sooner than its size says", off+int64(n))
	}
	return err
}

// box is one ISO base media file format box (ISO/IEC 14496-12 §4.2).
type box struct {
	name  [4]byte
	start int64
	body  int64 // where the content begins
	end   int64
}

func (b *box) len() int64 { return b.end - b.body }

// kind is the name as text, made when it is asked for: a file may have millions
// of boxes, and a comparison allocates nothing.
func (b *box) kind() string { return string(b.name[:]) }

// box reads the header of the box at off, which must end by limit.
func (s *source) box(off, limit int64) (box, error) {
	h, err := s.bytes(off, 8)
	if err != nil {
		return box{}, err
	}
	b := box{name: [4]byte(h[4:8]), start: off, body: off + 8}
	size := int64(binary.BigEndian.Uint32(h))
	switch size {
	case 0: // to the end of what holds it
		size = limit - off
	case 1:
		if h, err = s.bytes(off+8, 8); err != nil {
			return box{}, err
		}
		large := binary.BigEndian.Uint64(h)
		if large > 1<<62 {
			return box{}, problem.Errorf(ErrInvalid, "box %q at byte %d claims %d bytes", b.kind(), off, large)
		}
		size, b.body = int64(large), off+16
	}
	if size < b.body-off {
		return box{}, problem.Errorf(ErrInvalid, "box %q at byte %d claims %d bytes, less than its header", b.kind(), off, size)
	}
	if b.end = off + size; b.end > limit {
		return b, problem.Errorf(ErrInvalid, "box %q at byte %d claims %d bytes, but only %d are there: the file is truncated or damaged", b.kind(), off, size, limit-off)
	}
	return b, nil
}

// children calls fn for each box within parent, of which there may be thousands
// at most; what does not fill a box header at the end is padding.
func (s *source) children(off, end int64, fn func(box) error) error {
	for n := 0; off <= end-8; n++ {
		if n == maxChildren {
			return problem.Errorf(ErrInvalid, "more than %d boxes within one", maxChildren)
		}
		b, err := s.box(off, end)
		if err != nil {
			return err
		}
		if err := fn(b); err != nil {
			return err
		}
		off = b.end
	}
	return nil
}

// content returns the whole content of a small box.
func (s *source) content(b box) ([]byte, error) {
	if b.len() > maxSmallBox {
		return nil, problem.Errorf(ErrInvalid, "box %q at byte %d is %d bytes large", b.kind(), b.start, b.len())
	}
	return s.bytes(b.body, int(b.len()))
}
