package upload

import (
	"io"
	"mime/multipart"
	"time"
)

// partPieces is the file of a form in large pieces, with the errors of a body.
type partPieces struct {
	form *form
	part *multipart.Part
	buf  *[bufferSize]byte
	err  error // to be returned after what was read before it
}

func newPartPieces(f *form, part *multipart.Part) *partPieces {
	return &partPieces{form: f, part: part, buf: buffers.Get().(*[bufferSize]byte)} //nolint:forcetypeassert // the pool holds nothing else
}

func (p *partPieces) release() { buffers.Put(p.buf) }

func (p *partPieces) next() ([]byte, error) {
	n, start := 0, time.Now()
	for n < pieceSize && p.err == nil && (n == 0 || time.Since(start) < flushAfter) {
		var m int
		m, p.err = p.part.Read(p.buf[n:])
		n += m
	}
	if n > 0 {
		return p.buf[:n], nil
	}
	if p.err == io.EOF { //nolint:errorlint // a cut body wraps io.EOF and is not the end
		return nil, p.err
	}
	return nil, p.form.explain(p.err)
}
