package upload

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/streamgate/streamgate/internal/problem"
)

// A body is a request's body that does not block for ever: a read ends when no
// byte has come for the idle timeout, and when the hold is interrupted. Both
// need deadlines on the connection; where the ResponseWriter cannot set them, an
// interruption waits for the next byte and the server's own timeouts apply.
type body struct {
	src  io.Reader
	conn *http.ResponseController
	hold *hold
	idle time.Duration

	armed time.Time // when the deadline was last set
}

// newBody gives h a way to wake the reader. finish takes it back.
func newBody(w http.ResponseWriter, src io.Reader, h *hold, idle time.Duration) *body {
	b := &body{src: src, conn: http.NewResponseController(w), hold: h, idle: idle}
	h.mu.Lock()
	h.wake = func() { _ = b.conn.SetReadDeadline(time.Unix(1, 0)) } // not supported: see body
	if h.cause != nil {
		h.wake()
	}
	h.mu.Unlock()
	return b
}

// Read returns io.EOF only at the true end of the body; otherwise an error that
// says why there is no more.
func (b *body) Read(p []byte) (int, error) {
	if err := b.arm(); err != nil {
		return 0, err
	}
	b.hold.since.Store(time.Now().UnixNano())
	n, err := b.src.Read(p)
	b.hold.since.Store(0)
	if err == nil || errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return n, err
	}
	return n, b.explain(err)
}

// arm moves the deadline ahead, now and then: setting it for each read would
// cost more than it gives. The lock keeps it from undoing an interruption.
func (b *body) arm() error {
	b.hold.mu.Lock()
	defer b.hold.mu.Unlock()
	if b.hold.cause != nil {
		return b.hold.cause
	}
	now := time.Now()
	if now.Sub(b.armed) >= min(time.Second, b.idle/4) {
		_ = b.conn.SetReadDeadline(now.Add(b.idle)) // not supported: see body
		b.armed = now
	}
	return nil
}

func (b *body) explain(err error) error {
	if cause := b.hold.interrupted(); cause != nil {
		return cause
	}
	var known *problem.Error
	switch {
	case errors.As(err, &known):
		return err
	case errors.Is(err, os.ErrDeadlineExceeded):
		return problem.Because(ErrIdle, err, "no byte came for %s; what arrived is kept, resume from there", b.idle)
	case errors.Is(err, context.Canceled):
		return problem.Because(ErrCut, err, "the client went away; what arrived is kept")
	}
	return problem.Because(ErrCut, err, "the body ended before it was whole; what arrived is kept, resume from there")
}

// finish takes the deadline off again: it would otherwise end the request
// while the upload is being completed.
func (b *body) finish() {
	b.hold.mu.Lock()
	defer b.hold.mu.Unlock()
	b.hold.wake = nil
	if b.hold.cause == nil && !b.armed.IsZero() {
		_ = b.conn.SetReadDeadline(time.Time{}) // not supported: see body
	}
}
