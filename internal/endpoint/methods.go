package endpoint

import (
	"net/http"
	"strings"

	"github.com/streamgate/streamgate/internal/problem"
)

// Methods are what can be done at an address, whose path names a K. Each answers, or
// returns an error before it has written anything.
type Methods[K any] map[string]func(w http.ResponseWriter, r *http.Request, key K) error

// Serve answers with the method of the request, with an error of it, or with which
// methods there are.
func (m Methods[K]) Serve(w http.ResponseWriter, r *http.Request, key K) {
	serve := m[r.Method]
	switch {
	case r.Method == http.MethodOptions:
		w.Header().Set("Allow", strings.Join(m.allowed(), ", "))
		w.WriteHeader(http.StatusNoContent)
	case serve == nil:
		problem.Method(w, r, m.allowed()...)
	default:
		if err := serve(w, r, key); err != nil {
			problem.Write(w, r, err)
		}
	}
}

// allowed returns the names of the methods, in the order in which they are told.
func (m Methods[K]) allowed() []string {
	var names []string
	for _, name := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		if m[name] != nil {
			names = append(names, name)
		}
	}
	return append(names, http.MethodOptions)
}
