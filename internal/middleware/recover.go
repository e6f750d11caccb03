package middleware

import (
	"fmt"
	"net/http"
	"runtime/debug"

	"github.com/streamgate/streamgate/internal/problem"
)

// PanicError is a panic of a handler.
type PanicError struct {
	Value any
	Stack []byte
}

// Error returns the panic's value.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Recover turns a panic into a 500, which the access log above it writes down
// with the stack. Where the answer has begun it cuts the connection, so that
// nobody takes half an answer for a whole one. http.ErrAbortHandler passes.
func Recover(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if v == http.ErrAbortHandler { //nolint:errorlint // net/http compares it this way
				panic(v)
			}
			err := &PanicError{Value: v, Stack: debug.Stack()}
			if b, ok := w.(interface{ Begun() bool }); ok && b.Begun() {
				problem.Report(r, err)
				panic(http.ErrAbortHandler)
			}
			problem.Write(w, r, err)
		}()
		next.ServeHTTP(w, r)
	})
}
