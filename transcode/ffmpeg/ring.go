package ffmpeg

import "sync"

// logLength is how much of what a program says is kept: enough for what the
// analysing filters find, and no more than that of a file that makes it complain
// about every packet.
const logLength = 64 << 10

// A ring keeps the end of what is written to it.
type ring struct {
	mu   sync.Mutex
	buf  []byte
	cut  bool // something before buf is gone
	size int
}

func newRing(size int) *ring { return &ring{size: size} }

func (r *ring) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.buf = append(r.buf, p...)
	if len(r.buf) > 2*r.size { // seldom, so that each byte is moved about once
		r.buf = append(r.buf[:0], r.buf[len(r.buf)-r.size:]...)
		r.cut = true
	}
	return len(p), nil
}

// String is the end, from the beginning of a line if what was before is gone.
func (r *ring) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	b, cut := r.buf, r.cut
	if len(b) > r.size {
		b, cut = b[len(b)-r.size:], true
	}
	for i, c := range b {
		if cut && c == '\n' {
			b = b[i+1:]
			break
		}
	}
	return string(b)
}
