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

const (
	// flushAfter bounds how long bytes of a slow client stay in memory only.
	flushAfter = 250 * time.Millisecond
	// bodyEnd is how long the end of a body is waited for whose bytes are all here.
	bodyEnd = 20 * time.Millisecond
)

// A body is a request's body on its way to a session, which never waits for it
// in a way that cannot be ended: not when no byte comes, or too few of them, not
// when the hold is interrupted, and not where the ResponseWriter sets no
// deadlines. There the session still ends, with its bytes kept; only the
// connection stays until the client or the server's own timeouts close it.
//
// It is used by one goroutine, and ends with finish.
type body struct {
	src  io.Reader
	conn *http.ResponseController
	hold *hold
	idle time.Duration
	rate int64        // bytes a second that are the least
	ask  func() error // does what a reader of the upload waits for, or nil

	pipe   *pipe // nil until the first read, which has the client told to go on
	timer  *time.Timer
	piece  []byte            // what Read has not returned yet
	waited time.Duration     // for the client, since came was 0
	came   int64             // bytes
	ending error             // why nothing more is waited for
	asked  []chan<- struct{} // those who wait for the same, nil for none
	before int               // how many pieces are taken before what was asked is done
}

func (up *Uploader) newBody(w http.ResponseWriter, src io.Reader, h *hold) *body {
	return &body{src: src, conn: http.NewResponseController(w), hold: h, idle: up.o.IdleTimeout, rate: up.o.MinRate}
}

// under goes on under another hold.
func (b *body) under(h *hold) *body {
	b.hold.pipe.Store(nil)
	b.hold = h
	h.pipe.Store(b.pipe)
	return b
}

func (b *body) start() {
	if b.pipe != nil {
		return
	}
	b.timer = time.NewTimer(flushAfter)
	b.pipe = newPipe(b.src)
	b.hold.pipe.Store(b.pipe)
}

// next returns the bytes that came, valid until it is called again. It returns
// io.EOF only at the true end of the body, otherwise an error that says why
// there is no more; not before all that came has been returned.
func (b *body) next() ([]byte, error) {
	b.start()
	for want := pieceSize; ; {
		if err := b.listen(); err != nil {
			return nil, err
		}
		if b.ending != nil || b.asked != nil {
			want = 1
		}
		p, err := b.pipe.take(want)
		switch {
		case len(p) > 0:
			b.count(len(p))
			b.judge()
			return p, nil
		case err != nil:
			return nil, b.explain(err)
		case b.ending != nil:
			return nil, b.ending
		case b.asked != nil:
			b.before = 0
		case b.judge(): // what it says is returned next
		default:
			want = b.wait(want)
		}
	}
}

// listen does what others want of the session.
func (b *body) listen() error {
	asks := b.hold.asks
	if b.asked != nil {
		asks = nil // they are next: else a new wish could put off an old one for ever
	}
	select {
	case <-b.hold.stop:
		b.end(b.hold.cause)
	case done := <-asks:
		b.hear(done)
	default:
	}
	switch {
	case b.asked == nil:
		return nil
	case b.before > 0:
		b.before--
		return nil
	}
	return b.oblige()
}

func (b *body) oblige() error {
	defer b.tell()
	if b.ask == nil {
		return nil
	}
	return b.ask()
}

// tell lets go on all who asked.
func (b *body) tell() {
	for _, done := range b.asked {
		close(done)
	}
	b.asked = nil
}

// hear takes a wish, and all that others have just now, to be done once what is
// here has been taken: two pieces, where the ring begins anew between them.
func (b *body) hear(done chan<- struct{}) {
	b.asked, b.before = append(b.asked, done), 2
	for {
		select {
		case done := <-b.hold.asks:
			b.asked = append(b.asked, done)
		default:
			return
		}
	}
}

// end has next return what came, and then err.
func (b *body) end(err error) {
	if b.ending == nil {
		b.ending = err
		b.pipe.stop()
	}
}

// wait waits until there may be more, and returns how many bytes are now worth it.
func (b *body) wait(want int) int {
	start := time.Now()
	b.timer.Reset(min(flushAfter, b.idle))
	defer func() { b.waited += time.Since(start) }()
	select {
	case <-b.pipe.filled:
		return want
	case done := <-b.hold.asks:
		b.hear(done)
	case <-b.hold.stop:
		b.end(b.hold.cause)
	case <-b.timer.C:
	}
	return 1
}

// count starts the clock anew with every byte, or, where there is a least rate,
// with every idle timeout's worth of them.
func (b *body) count(n int) {
	b.came += int64(n)
	if float64(b.came) > float64(b.rate)*b.idle.Seconds() {
		b.came, b.waited = 0, 0
	}
}

// judge ends the body when too little came for as long as it may be idle.
func (b *body) judge() bool {
	if b.ending != nil || b.waited < b.idle {
		return false
	}
	if b.came == 0 {
		b.end(problem.Errorf(ErrIdle, "no byte came for %s; what arrived is kept, resume from there", b.idle))
	} else {
		b.end(problem.Errorf(ErrIdle, "fewer than %d bytes a second came for %s; what arrived is kept, resume from there", b.rate, b.idle))
	}
	return true
}

// Read is for parsers: it copies what next returns.
func (b *body) Read(p []byte) (int, error) {
	for len(b.piece) == 0 {
		var err error
		if b.piece, err = b.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, b.piece)
	b.piece = b.piece[n:]
	return n, nil
}

func (b *body) explain(err error) error {
	if err == io.EOF { //nolint:errorlint // a cut body wraps io.EOF and is not the end
		return err
	}
	if p, ok := errors.AsType[panicked](err); ok {
		panic(p.with)
	}
	if cause := b.hold.interrupted(); cause != nil {
		return cause
	}
	var known *problem.Error
	switch {
	case errors.As(err, &known):
		return err
	case errors.Is(err, os.ErrDeadlineExceeded): // the server's own
		return problem.Because(ErrIdle, err, "the body took longer than the server waits; what arrived is kept, resume from there")
	case errors.Is(err, context.Canceled):
		return problem.Because(ErrCut, err, "the client went away; what arrived is kept")
	}
	return problem.Because(ErrCut, err, "the body ended before it was whole; what arrived is kept, resume from there")
}

// finish stops reading. A body that was read to its end leaves its connection
// fit for the next request.
func (b *body) finish() {
	if b.pipe == nil {
		return
	}
	b.timer.Stop()
	if b.hold.interrupted() == nil {
		b.awaitEnd()
	}
	b.hold.pipe.Store(nil)
	b.tell()
	b.pipe.close(b.cut)
	b.pipe = nil
}

// cut ends the read that is under way, and leaves net/http a moment for what the
// client may yet have sent: else it would not get to read the answer.
func (b *body) cut() bool {
	if b.conn.SetReadDeadline(time.Unix(1, 0)) != nil {
		return false
	}
	b.timer.Reset(drainTimeout)
	select {
	case <-b.pipe.ended:
	case <-b.timer.C:
		return false // somebody has put a body in between that heeds no deadline
	}
	_ = b.conn.SetReadDeadline(time.Now().Add(drainTimeout)) // it could be set just now
	return true
}

func (b *body) awaitEnd() {
	b.timer.Reset(bodyEnd)
	select {
	case <-b.pipe.ended:
	case <-b.timer.C:
	}
}
