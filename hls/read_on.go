package hls

import "io"

// readOnSize is how much is read at a time of blocks that stand one after another.
const readOnSize = 64 << 10

// readOn reads more than it is asked for, once, for what is read from front to
// back in small pieces. It is not for concurrent use.
type readOn struct {
	io.ReaderAt

	buf    []byte
	at     int64 // where it begins
	filled int
}

func (r *readOn) ReadAt(p []byte, off int64) (int, error) {
	if skip := off - r.at; skip >= 0 && skip+int64(len(p)) <= int64(r.filled) {
		return copy(p, r.buf[skip:r.filled]), nil
	}
	if len(p) > readOnSize {
		return r.ReaderAt.ReadAt(p, off)
	}
	if r.buf == nil {
		r.buf = make([]byte, readOnSize)
	}
	n, err := r.ReaderAt.ReadAt(r.buf, off)
	r.at, r.filled = off, n
	if n >= len(p) {
		return copy(p, r.buf[:n]), nil
	}
	return copy(p, r.buf[:n]), err
}
