package hls

import (
	"io"
	"net/http"
	"syscall"
)

// minSendfile is the length of a run, on average, from which on the kernel is
// asked to send it: a film whose samples lie together. Below, with frames of
// audio between those of video, gathering takes less of the CPU.
const minSendfile = 64 << 10

// send sends the body as the rest of an answer whose headers are set.
//
// The way depends on the connection and on the file. A cleartext HTTP/1.1
// ResponseWriter is an io.ReaderFrom that, some layers down, hands the body the
// TCP connection, and the kernel sends long runs straight from the file. TLS
// and HTTP/2 have to see the bytes: there, large blocks are written.
func (b *body) send(w http.ResponseWriter, r *http.Request) error {
	err := b.sendBy(w, r)
	if b.readErr != nil {
		return b.readErr
	}
	return err
}

func (b *body) sendBy(w http.ResponseWriter, r *http.Request) error {
	to, ok := w.(io.ReaderFrom)
	if !ok || r.TLS != nil || r.ProtoMajor != 1 || !b.long() && !b.spliceable() {
		_, err := b.gather(w)
		return err
	}
	_, err := w.Write(b.head) // leaves together with the headers
	b.head = nil
	if err == nil {
		_, err = to.ReadFrom(b)
	}
	return err
}

// long reports whether the kernel can send the body, and is better at it.
func (b *body) long() bool {
	return b.file != nil && len(b.runs) > 0 && b.left() >= minSendfile*int64(len(b.runs))
}

// WriteTo sends all that is left to w: by sendfile where that is a connection.
func (b *body) WriteTo(w io.Writer) (sent int64, err error) {
	if conn, ok := w.(syscall.Conn); ok && len(b.head) == 0 {
		if sent, err = b.byKernel(conn); err != nil {
			return sent, err
		}
	}
	n, err := b.gather(w) // what the kernel did not send, if anything
	return sent + n, err
}

// byKernel lets the kernel send the runs, but for the end of the last.
func (b *body) byKernel(conn syscall.Conn) (sent int64, err error) {
	send := b.sendfile
	switch {
	case b.long():
	case b.spliceable():
		send = b.splice
	default:
		return 0, nil
	}
	last := b.holdBack()
	if len(b.runs) > 0 {
		sent, err = send(conn)
	}
	b.runs = append(b.runs, last)
	return sent, err
}
