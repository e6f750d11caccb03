package media

import "io"

const (
	firstAhead   = 64 << 10 // bytes of a read at a place where nothing was read before
	mostAhead    = 2 << 20  // of one that goes on where several others ended
	wholeAhead   = 16 << 20 // of what is known to be wanted as a whole
	windowsAhead = 8        // places that are read side by side, as tables are
)

// ahead is a source whose reads are requests: it reads more than it is asked
// for, keeps some of it, and doubles what it reads wherever reading goes on.
type ahead struct {
	r    io.ReaderAt
	size int64

	whole   stretch // what expect named, once it was read
	windows [windowsAhead]stretch
	clock   int
}

// A stretch is a piece of the source in memory.
type stretch struct {
	from, end int64
	bytes     []byte
	used      int // when, by the clock
}

func newAhead(r io.ReaderAt, size int64) *ahead { return &ahead{r: r, size: size} }

// expect says that all of this will be read: at once, unless it is much.
func (a *ahead) expect(from, end int64) {
	if end-from <= wholeAhead {
		a.whole = stretch{from: from, end: end}
	}
}

// ReadAt is that of the source. It is not for concurrent use.
func (a *ahead) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) {
		at := off + int64(n)
		if at >= a.size {
			return n, io.EOF
		}
		s, err := a.at(at, len(p)-n)
		if err != nil {
			return n, err
		}
		n += copy(p[n:], s.bytes[at-s.from:])
	}
	return n, nil
}

// at returns a stretch that has the byte at off, reading n bytes or more where
// there is none.
func (a *ahead) at(off int64, n int) (*stretch, error) {
	if w := &a.whole; w.from <= off && off < w.end {
		if w.bytes == nil {
			return w, a.read(w, w.from, w.end-w.from)
		}
		return w, nil
	}
	a.clock++
	s, length := &a.windows[0], int64(firstAhead)
	for i := range a.windows {
		w := &a.windows[i]
		held := int64(len(w.bytes))
		switch {
		case w.from <= off && off < w.from+held:
			w.used = a.clock
			return w, nil
		case held > 0 && off >= w.end && off <= w.end+held: // it goes on
			s, length = w, min(2*held, mostAhead)
		case length == firstAhead && w.used < s.used:
			s = w
		}
	}
	s.used = a.clock
	return s, a.read(s, off, max(length, int64(n)))
}

// read fills s with length bytes from off on, or with what is there.
func (a *ahead) read(s *stretch, off, length int64) error {
	length = min(length, a.size-off)
	if int64(cap(s.bytes)) < length {
		s.bytes = make([]byte, length)
	}
	s.bytes = s.bytes[:length]
	n, err := a.r.ReadAt(s.bytes, off)
	if int64(n) < length {
		s.bytes, s.from, s.end = nil, 0, 0
		if err == nil {
			err = io.EOF
		}
		return err
	}
	s.from, s.end = off, off+length
	return nil
}
