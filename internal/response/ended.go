package response

import (
	"errors"
	"io"
	"net/http"
)

var errEnded = errors.New("the handler has returned: its ResponseWriter is of no use any more")

// ended stands in a Recorder that nobody holds: a handler that writes after it
// has returned gets an error in place of somebody else's answer.
type ended struct{}

func (ended) Header() http.Header                   { return make(http.Header) }
func (ended) Write([]byte) (int, error)             { return 0, errEnded }
func (ended) WriteHeader(int)                       {}
func (ended) ReadFrom(io.Reader) (n int64, _ error) { return 0, errEnded }
