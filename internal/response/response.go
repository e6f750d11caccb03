// Package response counts what is answered to a request, once for all the layers
// that want to know.
package response

import (
	"io"
	"net/http"
	"sync"
)

// Recorder counts what is answered. It keeps what net/http's writers can do:
// flushing, 1xx answers, and through Unwrap all of http.ResponseController.
type Recorder struct {
	http.ResponseWriter
	status  int   // 0 until the answer begins
	bytes   int64 // of the body
	holders int   // calls of Record without their Release
	pooled  bool
}

// readerFrom is a Recorder over a writer that is an io.ReaderFrom, which is how
// net/http offers sendfile. HTTP/2 does not, and a Recorder must not pretend to:
// handlers choose their way by it.
type readerFrom struct{ *Recorder }

var pool = sync.Pool{New: func() any { return new(Recorder) }}

// Record returns the Recorder that counts for this request, and the writer to
// hand on: that of a layer above where there is one, a new one over w otherwise.
// Whoever calls it calls Release when the handler has returned. As with every
// http.ResponseWriter, nobody may use the writer after that.
func Record(w http.ResponseWriter) (*Recorder, http.ResponseWriter) {
	if rec := find(w); rec != nil {
		rec.holders++
		return rec, w
	}
	rec := pool.Get().(*Recorder) //nolint:forcetypeassert // the pool holds nothing else
	w = rec.Start(w)
	rec.pooled = true
	return rec, w
}

// Start makes a Recorder that is part of something else count what is written to
// w, and returns the writer to hand on.
func (w *Recorder) Start(over http.ResponseWriter) http.ResponseWriter {
	*w = Recorder{ResponseWriter: over, holders: 1}
	if _, ok := over.(io.ReaderFrom); ok {
		return readerFrom{w}
	}
	return w
}

// maxDepth bounds the search through the writers of others.
const maxDepth = 16

func find(w http.ResponseWriter) *Recorder {
	for range maxDepth {
		switch v := w.(type) {
		case *Recorder:
			return v
		case readerFrom:
			return v.Recorder
		case interface{ Unwrap() http.ResponseWriter }:
			w = v.Unwrap()
		default:
			return nil
		}
	}
	return nil
}

// Release ends the counting. The Recorder is used again for another request once
// every layer has released it.
func (w *Recorder) Release() {
	if w.holders--; w.holders > 0 || !w.pooled {
		return
	}
	w.ResponseWriter = ended{}
	pool.Put(w)
}

// Status is what the answer has begun with; 0 while it has not.
func (w *Recorder) Status() int { return w.status }

// Bytes is how much of the body has been handed on.
func (w *Recorder) Bytes() int64 { return w.bytes }

// Begun reports whether the status has been sent and cannot change any more.
func (w *Recorder) Begun() bool { return w.status != 0 }

// Begin is for a handler that has returned: one that wrote nothing has answered
// 200.
func (w *Recorder) Begin() {
	if w.status == 0 {
		w.status = http.StatusOK
	}
}

// WriteHeader sends the status, or a 1xx before it.
func (w *Recorder) WriteHeader(status int) {
	informational := status >= 100 && status < 200 && status != http.StatusSwitchingProtocols
	if w.status == 0 && !informational {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *Recorder) Write(p []byte) (int, error) {
	w.Begin()
	n, err := w.ResponseWriter.Write(p)
	w.bytes += int64(n)
	return n, err
}

// WriteString is for io.WriteString.
func (w *Recorder) WriteString(s string) (int, error) {
	w.Begin()
	n, err := io.WriteString(w.ResponseWriter, s)
	w.bytes += int64(n)
	return n, err
}

func (w readerFrom) ReadFrom(r io.Reader) (int64, error) {
	w.Begin()
	n, err := w.ResponseWriter.(io.ReaderFrom).ReadFrom(r)
	w.bytes += n
	return n, err
}

// Flush is for those who ask for an http.Flusher.
func (w *Recorder) Flush() { _ = w.FlushError() } // http.Flusher has no error; the next Write has it

// FlushError is what http.ResponseController looks for.
func (w *Recorder) FlushError() error {
	w.Begin()
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Unwrap lets http.ResponseController reach the connection.
func (w *Recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }
