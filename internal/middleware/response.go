// Package middleware holds the layers that every request of a Gate goes
// through. None of them takes anything away from the http.ResponseWriter that
// it wraps.
package middleware

import (
	"io"
	"net/http"
)

// response counts what is answered. It keeps what net/http's writers can do:
// flushing, 1xx answers, and through Unwrap all of http.ResponseController.
type response struct {
	http.ResponseWriter
	status int   // 0 until the answer begins
	bytes  int64 // of the body
}

// responseReaderFrom is a response over a writer that is an io.ReaderFrom,
// which is how net/http offers sendfile. HTTP/2 does not, and a response must
// not pretend to: handlers choose their way by it.
type responseReaderFrom struct{ *response }

// writer returns what to hand on.
func (w *response) writer() http.ResponseWriter {
	if _, ok := w.ResponseWriter.(io.ReaderFrom); ok {
		return responseReaderFrom{w}
	}
	return w
}

func (w *response) WriteHeader(status int) {
	informational := status >= 100 && status < 200 && status != http.StatusSwitchingProtocols
	if w.status == 0 && !informational {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *response) Write(p []byte) (int, error) {
	w.begin()
	n, err := w.ResponseWriter.Write(p)
	w.bytes += int64(n)
	return n, err
}

func (w *response) WriteString(s string) (int, error) {
	w.begin()
	n, err := io.WriteString(w.ResponseWriter, s)
	w.bytes += int64(n)
	return n, err
}

func (w responseReaderFrom) ReadFrom(r io.Reader) (int64, error) {
	w.begin()
	n, err := w.ResponseWriter.(io.ReaderFrom).ReadFrom(r)
	w.bytes += n
	return n, err
}

// Flush is for those who ask for an http.Flusher.
func (w *response) Flush() { _ = w.FlushError() } // http.Flusher has no error; the next Write has it

// FlushError is what http.ResponseController looks for.
func (w *response) FlushError() error {
	w.begin()
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Unwrap lets http.ResponseController reach the connection.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Status is that of the answer, 0 until it begins.
func (w *response) Status() int { return w.status }

// Written is how many bytes of the body have been written.
func (w *response) Written() int64 { return w.bytes }

// Begun reports whether the status has been sent and cannot change any more.
func (w *response) Begun() bool { return w.status != 0 }

func (w *response) begin() {
	if w.status == 0 {
		w.status = http.StatusOK
	}
}
