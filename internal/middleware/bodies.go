package middleware

import (
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const (
	bodyTimeout  = 30 * time.Second
	drainTimeout = 2 * time.Second
)

// Bodies gives the body of each request a time in which it has to arrive, where
// the ResponseWriter can set deadlines. The zero value is ready to use.
//
// Without it a client that announces a body and does not send it keeps its
// connection for ever: net/http has no limit of its own and waits, before or
// after the answer, for what a handler did not read. A handler that takes longer
// bodies sets deadlines of its own, which replace this one. Answers are not
// bounded: net/http lifts the deadline when the body has arrived.
type Bodies struct {
	// Timeout is how long a body may take. Default: 30 s.
	Timeout time.Duration
	// Drain is how long one may take that nobody reads, or that nobody reads any
	// more. Default: 2 s.
	Drain time.Duration

	mu       sync.Mutex
	arriving map[*arriving]struct{}
}

// Layer puts the deadlines before next. A read after it fails with
// os.ErrDeadlineExceeded, which problem.Write answers with 408.
func (b *Bodies) Layer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body == nil || r.Body == http.NoBody {
			next.ServeHTTP(w, r) // net/http reads on already, to hear of the client's leaving
			return
		}
		in := &arriving{ReadCloser: r.Body, conn: http.NewResponseController(w)}
		in.within(b.patience(r.Method))
		b.add(in)
		defer b.leave(in)
		r = r.WithContext(r.Context()) // net/http keeps the body that it knows
		r.Body = in
		next.ServeHTTP(w, r)
	})
}

// Expire ends all bodies that have not arrived yet: a server that stops waits
// for none of them.
func (b *Bodies) Expire() {
	b.mu.Lock() // a ResponseWriter must not be used when its handler has returned
	defer b.mu.Unlock()
	for in := range b.arriving {
		if !in.ended.Load() {
			in.within(-time.Second)
		}
	}
}

// patience is less where a body means nothing (RFC 9110 §9.3).
func (b *Bodies) patience(method string) time.Duration {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodDelete, http.MethodOptions:
		return b.drain()
	}
	if b.Timeout > 0 {
		return b.Timeout
	}
	return bodyTimeout
}

func (b *Bodies) drain() time.Duration {
	if b.Drain > 0 {
		return b.Drain
	}
	return drainTimeout
}

func (b *Bodies) add(in *arriving) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.arriving == nil {
		b.arriving = make(map[*arriving]struct{})
	}
	b.arriving[in] = struct{}{}
}

// leave is also for a handler that panics: net/http waits for the body then, too.
func (b *Bodies) leave(in *arriving) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.arriving, in)
	if !in.ended.Load() {
		in.within(b.drain())
	}
}

// arriving is a body that knows whether it has ended. A deadline after that
// would not be the body's: net/http reads on by itself then, and cancels the
// request when that fails.
type arriving struct {
	io.ReadCloser
	conn  *http.ResponseController
	ended atomic.Bool
	count atomic.Int64 // bytes
}

func (a *arriving) Read(p []byte) (int, error) {
	n, err := a.ReadCloser.Read(p)
	a.count.Add(int64(n))
	if err != nil {
		a.ended.Store(true)
	}
	return n, err
}

// BytesRead is how much of the body has been read: package metrics asks for it.
func (a *arriving) BytesRead() int64 { return a.count.Load() }

func (a *arriving) within(d time.Duration) {
	_ = a.conn.SetReadDeadline(time.Now().Add(d)) // not supported: see Bodies
}
