package upload

import (
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

const (
	bufferSize = 256 << 10 // bytes that are read ahead of the disk
	pieceSize  = bufferSize / 2
	smallSize  = 8 << 10 // bytes for a client that is slow, or silent
)

var (
	buffers      = sync.Pool{New: func() any { return new([bufferSize]byte) }}
	smallBuffers = sync.Pool{New: func() any { return new([smallSize]byte) }}
)

// A pipe is what a goroutine of its own has read ahead of its consumer, so that
// the consumer can do something else while no byte comes: write down what is
// there, or end. It is a ring of one buffer, a small one until the client fills
// it. There is one consumer; a slice that it got is its own until it asks again.
type pipe struct {
	src    io.Reader
	filled chan struct{} // there is what the consumer waits for, or the end
	room   chan struct{} // there is room, or nobody wants more
	ended  chan struct{} // closed when nothing reads src any more

	// since is from when on src has been waited for, in Unix nanoseconds, 0 while
	// it is not: a slow disk is not the client's silence. reads counts what came.
	since atomic.Int64
	reads atomic.Int64

	mu     sync.Mutex
	buf    []byte
	small  *[smallSize]byte  // what buf is of: this,
	large  *[bufferSize]byte // or this
	full   bool              // the last read filled all the room that there was
	read   int               // bytes that came from src
	taken  int               // bytes that the consumer is done with
	given  int               // bytes beyond taken that the consumer has
	want   int               // bytes that are worth waking the consumer
	err    error             // why src has no more
	closed bool
}

// newPipe begins to read src.
func newPipe(src io.Reader) *pipe {
	p := &pipe{
		src: src, small: smallBuffers.Get().(*[smallSize]byte), want: 1, //nolint:forcetypeassert // the pool holds nothing else
		filled: make(chan struct{}, 1), room: make(chan struct{}, 1), ended: make(chan struct{}),
	}
	p.buf = p.small[:]
	go p.fill()
	return p
}

func (p *pipe) fill() {
	defer close(p.ended)
	defer func() {
		if v := recover(); v != nil {
			p.put(nil, 0, panicked{v})
		}
	}()
	for {
		space := p.space()
		if space == nil {
			return
		}
		p.since.Store(time.Now().UnixNano())
		n, err := p.src.Read(space)
		p.since.Store(0)
		p.reads.Add(1)
		if !p.put(space, n, err) {
			return
		}
	}
}

// panicked is what src panicked with, for the consumer to panic with: here nobody
// above would recover from it, and the process would end.
type panicked struct{ with any }

func (p panicked) Error() string { return fmt.Sprint("the body panicked: ", p.with) }

// space waits for room; nil when nobody wants more.
func (p *pipe) space() []byte {
	for {
		if space, closed := p.free(); closed || space != nil {
			return space
		}
		<-p.room
	}
}

// free returns the room that there is, if it is worth a read.
func (p *pipe) free() (space []byte, closed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, true
	}
	held := p.read - p.taken
	if held == 0 {
		p.read, p.taken = 0, 0
		p.grow()
	}
	size := len(p.buf)
	start, room := p.read%size, size-held
	if room < size/8 {
		return nil, false
	}
	return p.buf[start:min(size, start+room)], false
}

// grow takes a large buffer for a client that fills the small one. The ring is
// empty, and the consumer has nothing of it.
func (p *pipe) grow() {
	if !p.full || p.small == nil {
		return
	}
	p.large = buffers.Get().(*[bufferSize]byte) //nolint:forcetypeassert // the pool holds nothing else
	p.buf = p.large[:]
	smallBuffers.Put(p.small)
	p.small = nil
}

// put says whether to go on.
func (p *pipe) put(space []byte, n int, err error) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.full = n == len(space)
	p.read += n
	p.err = err
	if p.read-p.taken-p.given >= min(p.want, len(p.buf)/2) || err != nil {
		signal(p.filled)
	}
	return err == nil && !p.closed
}

// take gives back what the consumer had, and returns at least want bytes, or all
// that there are at the end of src and of the buffer. When there is nothing to
// return, src's error is.
func (p *pipe) take(want int) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken += p.given
	p.given = 0
	held := p.read - p.taken
	start := p.taken % len(p.buf)
	whole := len(p.buf) - start // to where the ring begins anew
	switch {
	case held > 0 && (held >= min(want, len(p.buf)/2, whole) || p.err != nil):
		p.given = min(held, whole)
		signal(p.room)
		return p.buf[start : start+p.given], nil
	case held == 0 && p.err != nil:
		return nil, p.err
	}
	p.want = want
	signal(p.room)
	return nil, nil
}

// stop lets no more in than a read that is under way.
func (p *pipe) stop() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	signal(p.room)
}

// close ends the goroutine. cut is how a read that is under way is ended; where
// it cannot be, the goroutine ends with the request and what it reads until then
// is nobody's.
func (p *pipe) close(cut func() bool) {
	p.stop()
	select {
	case <-p.ended:
	default:
		if !cut() {
			return // it keeps the buffer
		}
	}
	if p.large != nil {
		buffers.Put(p.large)
	} else {
		smallBuffers.Put(p.small)
	}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
