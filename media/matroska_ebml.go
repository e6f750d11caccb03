package media

import (
	"encoding/binary"
	"errors"
	"math"
	"math/bits"

	"github.com/streamgate/streamgate/internal/problem"
)

const (
	maxIDBytes     = 4       // EBMLMaxIDLength that is taken (RFC 8794 §11.2.4)
	maxSizeBytes   = 8       // EBMLMaxSizeLength
	maxElements    = 8 << 20 // elements of a file that are looked at, and frames in laces
	elementHeader  = maxIDBytes + maxSizeBytes
	maxTextElement = 512 // bytes of a name or an ID that are of use
)

// element is one EBML element of the file (RFC 8794 §6).
type element struct {
	id      uint32 // with its length marker, as the specification writes it
	start   int64
	body    int64 // where the content begins
	end     int64 // the end of what holds it, where the size is unknown
	unknown bool
}

func (e *element) len() int64 { return e.end - e.body }

// peek returns up to n bytes at off, fewer where limit comes first.
func (s *source) peek(off, limit int64, n int) ([]byte, error) {
	return s.bytes(off, int(max(min(int64(n), limit-off, s.size-off), 0)))
}

// element reads the header of the element at off, which must end by limit.
func (s *source) element(off, limit int64) (element, error) {
	if err := s.look(1); err != nil {
		return element{}, err
	}
	h, err := s.peek(off, limit, elementHeader)
	if err != nil {
		return element{}, err
	}
	id, size, n := elementHead(h)
	if n == 0 {
		return element{}, s.noElement(off, h)
	}
	e := element{id: id, start: off, body: off + int64(n)}
	if size < 0 {
		e.end, e.unknown = limit, true
		return e, nil
	}
	if size > limit-e.body {
		return e, problem.Because(ErrInvalid, s.why(limit), "element %X at byte %d claims %d bytes, but only %d are there: the file is truncated or damaged", id, off, size, limit-e.body)
	}
	e.end = e.body + size
	return e, nil
}

// Why an element cannot be read: it would go on behind the end of the file, or
// what stands there makes no sense.
var (
	errCut     = errors.New("the file ends there")
	errDamaged = errors.New("the file is damaged there")
)

func (s *source) why(limit int64) error {
	if limit == s.size {
		return errCut
	}
	return errDamaged
}

func (s *source) noElement(off int64, h []byte) error {
	why := errDamaged
	if off+int64(len(h)) == s.size && (len(h) == 0 || h[0] != 0) {
		why = errCut
	}
	return problem.Because(ErrInvalid, why, "there is no element at byte %d: the file is damaged there, or truncated", off)
}

// look counts what is looked at.
func (s *source) look(n int) error {
	if s.looked += n; s.looked > maxElements {
		return problem.Errorf(ErrInvalid, "more than %d elements and frames", maxElements)
	}
	return nil
}

// elementHead reads ID and size (RFC 8794 §5 and §6.1); a size of -1 is unknown.
// Of n bytes that it takes there are 0 where it is broken.
func elementHead(b []byte) (id uint32, size int64, n int) {
	if len(b) == 0 {
		return 0, 0, 0
	}
	width := bits.LeadingZeros8(b[0]) + 1
	if width > maxIDBytes || len(b) <= width {
		return 0, 0, 0
	}
	for _, c := range b[:width] {
		id = id<<8 | uint32(c)
	}
	v, k := vint(b[width:])
	if k == 0 {
		return 0, 0, 0
	}
	if v == 1<<(7*k)-1 {
		return id, -1, width + k
	}
	return id, int64(v), width + k
}

// vint reads a variable-size integer (RFC 8794 §4) and how many bytes it takes:
// 0 where it is broken.
func vint(b []byte) (v uint64, n int) {
	if len(b) == 0 || b[0] == 0 {
		return 0, 0
	}
	n = bits.LeadingZeros8(b[0]) + 1
	if len(b) < n {
		return 0, 0
	}
	v = uint64(b[0]) &^ (0x80 >> (n - 1))
	for _, c := range b[1:n] {
		v = v<<8 | uint64(c)
	}
	return v, n
}

// body returns the content of a small element, valid until the next read.
func (s *source) body(e element, most int64) ([]byte, error) {
	if e.unknown || e.len() > most {
		return nil, problem.Errorf(ErrInvalid, "element %X at byte %d is larger than it can be", e.id, e.start)
	}
	return s.bytes(e.body, int(e.len()))
}

// unsigned reads an element that is a number.
func (s *source) unsigned(e element) (uint64, error) {
	b, err := s.body(e, 8)
	return ebmlUint(b), err
}

// master splits the content of an element in memory into its children, ignoring
// what does not parse at the end.
func master(b []byte, fn func(id uint32, body []byte)) {
	for len(b) > 0 {
		id, size, n := elementHead(b)
		if n == 0 || size < 0 || size > int64(len(b)-n) {
			return
		}
		fn(id, b[n:n+int(size)])
		b = b[n+int(size):]
	}
}

// ebmlUint reads an unsigned integer (RFC 8794 §7.2).
func ebmlUint(b []byte) (v uint64) {
	for _, c := range b[:min(len(b), 8)] {
		v = v<<8 | uint64(c)
	}
	return v
}

// ebmlInt reads a signed integer (RFC 8794 §7.1).
func ebmlInt(b []byte) int64 {
	if len(b) == 0 || len(b) > 8 {
		return 0
	}
	shift := 64 - 8*len(b)
	return int64(ebmlUint(b)<<shift) >> shift
}

// ebmlFloat reads a float of 4 or 8 bytes (RFC 8794 §7.3).
func ebmlFloat(b []byte) float64 {
	switch len(b) {
	case 4:
		return float64(math.Float32frombits(binary.BigEndian.Uint32(b)))
	case 8:
		return math.Float64frombits(binary.BigEndian.Uint64(b))
	}
	return 0
}

// ebmlText reads a string, which zeros may pad (RFC 8794 §7.4, §7.5).
func ebmlText(b []byte) string {
	for i, c := range b {
		if c == 0 {
			b = b[:i]
			break
		}
	}
	return string(b[:min(len(b), maxTextElement)])
}
