package hls

import (
	"errors"
	"net/http"
)

// section answers with a part of what it is given: after skip bytes, left. Then it
// says that it needs no more.
type section struct {
	to         http.ResponseWriter
	partial    bool // the answer is a 206
	skip, left int64
	err        error // of to, or errEnough
}

var errEnough = errors.New("that is enough")

func (s *section) Write(b []byte) (int, error) {
	all := len(b)
	skipped := min(s.skip, int64(all))
	s.skip -= skipped
	b = b[skipped:]
	b = b[:min(s.left, int64(len(b)))]
	if len(b) > 0 {
		if s.partial {
			s.to.WriteHeader(http.StatusPartialContent)
			s.partial = false
		}
		n, err := s.to.Write(b)
		if s.left -= int64(n); err != nil {
			s.err = err
			return 0, err
		}
	}
	if s.left == 0 {
		s.err = errEnough
		return 0, errEnough
	}
	return all, nil
}
