package hls

import (
	"io"
	"syscall"
)

// maxSendfile is below what one call of sendfile may move.
const maxSendfile = 1 << 30

// sendfile lets the kernel send the runs to a TCP connection. Where it cannot
// send from this file it returns without an error, and the runs are still there.
func (b *body) sendfile(conn syscall.Conn) (sent int64, err error) {
	s := sender{body: b}
	return s.through(conn, s.send)
}

// A sender is what a body's runs are while the kernel sends them.
type sender struct {
	*body
	file int
	sent int64
	err  error
}

// through calls send with the socket of conn as often as that has room, until it
// is done. Where there is no socket, or no file, it sends nothing.
func (s *sender) through(conn syscall.Conn, send func(socket uintptr) (done bool)) (sent int64, err error) {
	to, err := conn.SyscallConn()
	if err != nil {
		return 0, nil //nolint:nilerr // nothing that the kernel knows: gather
	}
	from, err := s.body.file.SyscallConn()
	if err != nil {
		return 0, nil //nolint:nilerr // as above
	}
	err = from.Control(func(file uintptr) {
		s.file = int(file)
		if err := to.Write(send); s.err == nil {
			s.err = err // a deadline, or a closed connection
		}
	})
	if s.err == nil {
		s.err = err
	}
	return s.sent, s.err
}

// send sends until everything is sent, or an error; it returns false to be
// called again when the socket has room.
func (s *sender) send(socket uintptr) (done bool) {
	for len(s.runs) > 0 {
		r := s.runs[0]
		n, err := syscall.Sendfile(int(socket), s.file, &r.offset, int(min(r.length, maxSendfile)))
		switch {
		case n > 0:
			s.sent += int64(n)
			s.skipRuns(int64(n))
		case err == syscall.EINTR:
		case err == syscall.EAGAIN:
			return false
		case (err == syscall.EINVAL || err == syscall.ENOSYS) && s.sent == 0:
			return true // this file system has no sendfile
		case err == syscall.EIO:
			s.readErr, s.err = err, err
			return true
		case err != nil:
			s.err = err
			return true
		default:
			s.readErr, s.err = io.ErrUnexpectedEOF, io.ErrUnexpectedEOF
			return true
		}
	}
	return true
}
