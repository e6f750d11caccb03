package upload

import (
	"net/http"

	"github.com/streamgate/streamgate/internal/problem"
)

const overrideHeader = "X-HTTP-Method-Override"

// methodOf returns what a request to an upload asks for: a POST of tus may name
// another method, for clients whose network lets no other pass (tus 1.0,
// X-HTTP-Method-Override).
//
// No page of another origin gains anything by it. To every protection that looks
// at the method it is a POST, which writes, whatever it names; and a form or a
// simple request cannot send these headers at all.
func methodOf(r *http.Request) (string, error) {
	named := r.Header.Get(overrideHeader)
	if r.Method != http.MethodPost || named == "" || r.Header.Get("Tus-Resumable") == "" {
		return r.Method, nil
	}
	switch named {
	case http.MethodPatch, http.MethodDelete, http.MethodHead:
		return named, nil
	}
	return "", problem.Errorf(problem.ErrBadRequest, "%s may be PATCH, DELETE or HEAD here", overrideHeader)
}
