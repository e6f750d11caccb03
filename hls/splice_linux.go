package hls

import (
	"io"
	"runtime"
	"sync"
	"syscall"
)

const (
	// minSplice is the length of a run, on average, from which on the kernel moves
	// it at less cost than copying it twice would have.
	minSplice = 8 << 10
	// minSpliced is from how many bytes on a body is worth a pipe.
	minSpliced = 64 << 10
	// pipeSize is how much a pipe may hold, in bytes of whole pages.
	pipeSize = 256 << 10

	setPipeSize = 1031 // F_SETPIPE_SZ (fcntl(2))

	spliceMove     = 1 // splice(2)
	spliceNonblock = 2
	spliceMore     = 4
)

// A conduit is a pipe in the kernel in which runs of a file are strung together
// before they go to a connection: pages are handed on, not copied, and the
// connection is troubled once for many of them.
type conduit struct {
	r, w int
	held int // bytes in it
}

var conduits = sync.Pool{New: func() any { return newConduit() }}

// newConduit returns nil where there is no pipe to be had.
func newConduit() *conduit {
	var fds [2]int
	if syscall.Pipe2(fds[:], syscall.O_CLOEXEC|syscall.O_NONBLOCK) != nil {
		return nil
	}
	c := &conduit{r: fds[0], w: fds[1]}
	_, _, _ = syscall.Syscall(syscall.SYS_FCNTL, uintptr(c.w), setPipeSize, pipeSize) // a smaller one does, too
	runtime.SetFinalizer(c, (*conduit).close)
	return c
}

func (c *conduit) close() {
	_ = syscall.Close(c.r) // nothing is written to disk by it
	_ = syscall.Close(c.w)
}

// release gives an empty one to the next body. What is in another is nobody's.
func (c *conduit) release() {
	if c.held == 0 {
		conduits.Put(c)
		return
	}
	runtime.SetFinalizer(c, nil)
	c.close()
}

// spliceable reports whether the kernel can string the runs together.
func (b *body) spliceable() bool {
	if b.file == nil || len(b.runs) == 0 {
		return false
	}
	n := b.left()
	return n >= minSpliced && n >= minSplice*int64(len(b.runs))
}

// splice lets the kernel send the runs to a TCP connection. Where it cannot do
// that with this file it returns without an error, and the runs are still there.
func (b *body) splice(conn syscall.Conn) (sent int64, err error) {
	c, _ := conduits.Get().(*conduit)
	if c == nil {
		return 0, nil
	}
	defer c.release()
	s := splicer{sender: sender{body: b}, by: c}
	return s.through(conn, s.send)
}

// A splicer is what a body's runs are while the kernel moves them.
type splicer struct {
	sender
	by *conduit
}

// send moves runs until all have gone, or an error; it returns false to be called
// again when the socket has room.
func (s *splicer) send(socket uintptr) (done bool) {
	for {
		if !s.load() {
			return true
		}
		if s.by.held == 0 {
			return true
		}
		flags := spliceMove | spliceNonblock
		if len(s.runs) > 0 {
			flags |= spliceMore
		}
		n, err := syscall.Splice(s.by.r, nil, int(socket), nil, s.by.held, flags)
		switch {
		case n > 0:
			s.by.held -= int(n)
			s.sent += int64(n) //nolint:unconvert // an int where that has 32 bits
		case err == syscall.EINTR:
		case err == syscall.EAGAIN:
			return false
		default:
			s.err = err
			if err == nil {
				s.err = io.ErrShortWrite
			}
			return true
		}
	}
}

// load fills the pipe with the next runs, and says whether that went well.
func (s *splicer) load() bool {
	for len(s.runs) > 0 {
		r := s.runs[0]
		n, err := syscall.Splice(s.file, &r.offset, s.by.w, nil, int(min(r.length, pipeSize)), spliceMove|spliceNonblock)
		switch {
		case n > 0:
			s.by.held += int(n)
			s.skipRuns(int64(n)) //nolint:unconvert // as above
		case err == syscall.EINTR:
		case err == syscall.EAGAIN:
			return true // it is full
		case (err == syscall.EINVAL || err == syscall.ENOSYS) && s.sent == 0 && s.by.held == 0:
			return false // this file system cannot: the runs are gathered
		case err != nil:
			s.readErr, s.err = err, err
			return false
		default:
			s.readErr, s.err = io.ErrUnexpectedEOF, io.ErrUnexpectedEOF
			return false
		}
	}
	return true
}
