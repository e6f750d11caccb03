package fmp4

import (
	"encoding/binary"
	"fmt"
	"io"
)

// box is one of the boxes that a file is made of (ISO/IEC 14496-12 §4.2).
type box struct {
	kind  string
	start int64 // of its head
	body  int64
	end   int64
}

// boxAt reads the head of a box; io.ErrUnexpectedEOF where it does not end before size.
func boxAt(r io.ReaderAt, at, size int64) (box, error) {
	var head [16]byte
	if size-at < 8 {
		return box{}, io.ErrUnexpectedEOF
	}
	if _, err := r.ReadAt(head[:8], at); err != nil {
		return box{}, err
	}
	b := box{kind: string(head[4:8]), start: at, body: at + 8}
	long := int64(binary.BigEndian.Uint32(head[:]))
	if long == 1 {
		if size-at < 16 {
			return box{}, io.ErrUnexpectedEOF
		}
		if _, err := r.ReadAt(head[8:], at+8); err != nil {
			return box{}, err
		}
		b.body, long = at+16, int64(binary.BigEndian.Uint64(head[8:]))
	}
	switch {
	case long < b.body-at:
		return box{}, fmt.Errorf("%w: a box %q of %d bytes", ErrFormat, b.kind, long)
	case long > size-at:
		return box{}, io.ErrUnexpectedEOF
	}
	b.end = at + long
	return b, nil
}

// load reads a whole box, its head too.
func load(r io.ReaderAt, b box) ([]byte, error) {
	if b.end-b.start > maxHead {
		return nil, fmt.Errorf("%w: a box %q of %d bytes", ErrFormat, b.kind, b.end-b.start)
	}
	bytes := make([]byte, b.end-b.start)
	_, err := r.ReadAt(bytes, b.start)
	return bytes, err
}

// children calls fn with each box in a body.
func children(body []byte, fn func(kind string, whole, body []byte) error) error {
	for len(body) > 0 {
		if len(body) < 8 {
			return fmt.Errorf("%w: %d bytes between boxes", ErrFormat, len(body))
		}
		size := int64(binary.BigEndian.Uint32(body))
		if size < 8 || size > int64(len(body)) {
			return fmt.Errorf("%w: a box %q of %d bytes in %d", ErrFormat, body[4:8], size, len(body))
		}
		if err := fn(string(body[4:8]), body[:size], body[8:size]); err != nil {
			return err
		}
		body = body[size:]
	}
	return nil
}

// fields reads big-endian numbers one after the other; short says that there were
// too few bytes for them.
type fields struct {
	b     []byte
	short bool
}

func (f *fields) skip(n int) { f.take(n) }

func (f *fields) take(n int) []byte {
	if len(f.b) < n {
		f.short, f.b = true, nil
		return make([]byte, n)
	}
	v := f.b[:n]
	f.b = f.b[n:]
	return v
}

func (f *fields) u32() uint32 { return binary.BigEndian.Uint32(f.take(4)) }

func (f *fields) u64() uint64 { return binary.BigEndian.Uint64(f.take(8)) }

// full reads version and flags.
func (f *fields) full() (version byte, flags uint32) {
	v := f.u32()
	return byte(v >> 24), v & 0xffffff
}

func (f *fields) err(kind string) error {
	if f.short {
		return fmt.Errorf("%w: the box %q is cut short", ErrFormat, kind)
	}
	return nil
}
