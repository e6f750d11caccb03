package mpegts

import (
	"errors"
	"io"

	"github.com/streamgate/streamgate/media"
)

// maxGap is the longest stretch of bytes of other tracks that is cheaper to read
// along than to read around.
const maxGap = 8 << 10

// A window reads the samples of a track, ahead as far as they lie together.
type window struct {
	source  io.ReaderAt
	samples []media.Sample
	buf     []byte
	from    int64 // where buf begins in the source
	have    int   // bytes of buf that are read
}

// hold has all of sample i in the window, unless it is too long for it.
func (w *window) hold(i int) error {
	s := &w.samples[i]
	if int64(s.Size) > int64(len(w.buf)) || w.holds(s.Offset, int(s.Size)) {
		return nil
	}
	return w.fill(i, s.Offset)
}

func (w *window) holds(offset int64, n int) bool {
	return offset >= w.from && offset+int64(n) <= w.from+int64(w.have)
}

// get returns bytes of sample i from offset on, no more than most. There are as many
// as least says, which the sample has and the window is large enough for.
func (w *window) get(i int, offset int64, least, most int) ([]byte, error) {
	if !w.holds(offset, least) {
		if err := w.fill(i, offset); err != nil {
			return nil, err
		}
	}
	b := w.buf[offset-w.from : w.have]
	return b[:min(most, len(b))], nil
}

// fill reads from an offset in sample i to its end, and further samples that are
// near and fit as a whole.
func (w *window) fill(i int, offset int64) error {
	end, limit := offsetEnd(&w.samples[i]), offset+int64(len(w.buf))
	for j := i + 1; j < len(w.samples) && end < limit; j++ {
		s := &w.samples[j]
		if gap := s.Offset - end; gap < 0 || gap > maxGap || offsetEnd(s) > limit {
			break
		}
		end = offsetEnd(s)
	}
	n := int(min(end, limit) - offset)
	got, err := w.source.ReadAt(w.buf[:n], offset)
	if w.from, w.have = offset, got; got < n {
		if err == nil || errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF // the index knows of bytes that are not there any more
		}
		return &ReadError{err}
	}
	return nil
}

func offsetEnd(s *media.Sample) int64 { return s.Offset + int64(s.Size) }

// A ReadError is one of the source.
type ReadError struct{ Err error }

func (e *ReadError) Error() string { return "reading the source: " + e.Err.Error() }

// Unwrap returns the error of the source.
func (e *ReadError) Unwrap() error { return e.Err }
