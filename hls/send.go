package hls

import (
	"io"
	"net/http"
	"syscall"
)

// send sends the body as the rest of an answer whose headers are set.
//
// The way depends on the connection. A cleartext HTTP/1.1 ResponseWriter is an
// io.ReaderFrom that, some layers down, hands the body the TCP connection, and
// the kernel sends straight from the file. TLS and HTTP/2 have to see the bytes:
// there, large blocks are written.
func (b *body) send(w http.ResponseWriter, r *http.Request) error {
	_, err := w.Write(b.head) // leaves together with the headers
	b.head = nil
	if err != nil || len(b.runs) == 0 {
		return err
	}
	if to, ok := w.(io.ReaderFrom); ok && r.TLS == nil && r.ProtoMajor == 1 {
		_, err = to.ReadFrom(b)
	} else {
		_, err = b.gather(w)
	}
	if b.readErr != nil {
		return b.readErr
	}
	return err
}

// minSendfile is the length of a run, on average, from which on the kernel is
// asked to send it: a film whose samples lie together. Below, with frames of
// audio between those of video, gathering takes less of the CPU.
const minSendfile = 64 << 10

// WriteTo sends all that is left to w.
func (b *body) WriteTo(w io.Writer) (int64, error) {
	conn, ok := w.(syscall.Conn)
	if !ok || b.file == nil || b.left() < minSendfile*int64(len(b.runs)) {
		return b.gather(w)
	}
	var sent int64
	if len(b.head) > 0 {
		n, err := w.Write(b.head)
		b.head = b.head[n:]
		if err != nil {
			return int64(n), err
		}
		sent = int64(n)
	}
	n, err := b.sendfile(conn)
	sent += n
	if err != nil {
		return sent, err
	}
	n, err = b.gather(w) // what the kernel could not send, if anything
	return sent + n, err
}
