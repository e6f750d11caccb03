package metrics

import (
	"io"
	"sync"
)

// pageSize is how much of an exposition is written at a time, in bytes: however
// many series there are, a scrape takes no more memory than that.
const pageSize = 32 << 10

var pages = sync.Pool{New: func() any { return &page{b: make([]byte, 0, pageSize+4096)} }}

// page is what is about to be written.
type page struct {
	w   io.Writer
	b   []byte
	n   int64 // that were written
	err error
}

// turn writes a page that is full.
func (p *page) turn() {
	if len(p.b) >= pageSize {
		p.flush()
	}
}

func (p *page) flush() {
	if p.err == nil && len(p.b) > 0 {
		n, err := p.w.Write(p.b)
		p.n, p.err = p.n+int64(n), err
	}
	p.b = p.b[:0]
}
