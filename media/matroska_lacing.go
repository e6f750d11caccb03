package media

import (
	"github.com/streamgate/streamgate/internal/problem"
)

const (
	laceNone = iota
	laceXiph
	laceFixed
	laceEBML

	maxLaced    = 256
	maxLaceHead = 64 << 10 // bytes that the sizes of a block's frames may take
)

// laces returns the sizes of a block's frames and where the first begins (RFC
// 9559 §10.3).
func (m *matroska) laces(b *block) (sizes []int64, off int64, err error) {
	kind := int(b.flags >> 1 & 3)
	sizes = m.lacing[:0]
	defer func() { m.lacing = sizes }()
	if kind == laceNone {
		return append(sizes, b.end-b.body), b.body, b.fits(b.end - b.body)
	}
	r := laceReader{m: m, off: b.body, end: min(b.end, b.body+maxLaceHead)}
	count := int64(r.byte()) + 1
	if err := m.look(int(count)); err != nil {
		return sizes, 0, err
	}
	switch kind {
	case laceXiph:
		for int64(len(sizes)) < count-1 && r.err == nil {
			sizes = append(sizes, r.xiph())
		}
	case laceEBML:
		for int64(len(sizes)) < count-1 && r.err == nil {
			sizes = append(sizes, r.ebml(sizes))
		}
	case laceFixed:
		each := (b.end - r.off) / count
		for int64(len(sizes)) < count-1 {
			sizes = append(sizes, each)
		}
	}
	if r.err != nil {
		return sizes, 0, r.err
	}
	left := b.end - r.off
	for _, size := range sizes {
		if size < 0 || size > left {
			return sizes, 0, problem.Because(ErrInvalid, errDamaged, "the frames that the block at byte %d claims are more than it has", b.body)
		}
		left -= size
	}
	if kind == laceFixed && count > 1 && left != sizes[0] {
		return sizes, 0, problem.Because(ErrInvalid, errDamaged, "the block at byte %d does not divide into its frames", b.body)
	}
	return append(sizes, left), r.off, b.fits(b.end - r.off)
}

// fits refuses frames that are larger than any codec makes them.
func (b *block) fits(size int64) error {
	if size > maxFrameBytes {
		return problem.Because(ErrInvalid, errDamaged, "the block at byte %d has %d bytes", b.body, size)
	}
	return nil
}

// maxFrameBytes is how large a frame may be.
const maxFrameBytes = 1 << 30

// laceReader reads the head of a laced block byte by byte.
type laceReader struct {
	m        *matroska
	off, end int64
	err      error
}

func (r *laceReader) byte() byte {
	if r.err != nil {
		return 0
	}
	if r.off >= r.end {
		r.err = problem.Because(ErrInvalid, errDamaged, "the block before byte %d ends within the sizes of its frames", r.end)
		return 0
	}
	var b []byte
	if b, r.err = r.m.bytes(r.off, 1); r.err != nil {
		return 0
	}
	r.off++
	return b[0]
}

func (r *laceReader) xiph() (size int64) {
	for {
		c := r.byte()
		size += int64(c)
		if c != 255 {
			return size
		}
	}
}

// ebml reads a size, which after the first is told by how it differs from the
// one before.
func (r *laceReader) ebml(before []int64) int64 {
	if r.err != nil || r.off >= r.end {
		r.byte()
		return 0
	}
	var b []byte
	if b, r.err = r.m.peek(r.off, r.end, maxSizeBytes); r.err != nil {
		return 0
	}
	v, n := vint(b)
	if n == 0 {
		r.err = problem.Because(ErrInvalid, errDamaged, "the sizes of a block's frames are broken at byte %d", r.off)
		return 0
	}
	r.off += int64(n)
	if len(before) == 0 {
		return int64(v)
	}
	return before[len(before)-1] + int64(v) - (1<<(7*n-1) - 1)
}
