package middleware

import (
	"net/http"

	"github.com/streamgate/streamgate/internal/problem"
)

var errCrossOrigin error = problem.NewKind(http.StatusForbidden, "cross-origin", "Not from another site")

// CrossOrigin answers a request that writes, and that a browser sends for a page
// of another origin, with a problem. It reports whether it did. A nil protection
// trusts no other origin.
func CrossOrigin(protection *http.CrossOriginProtection, w http.ResponseWriter, r *http.Request) (refused bool) {
	if protection == nil {
		protection = own
	}
	if protection.Check(r) == nil {
		return false
	}
	problem.Write(w, r, problem.Errorf(errCrossOrigin,
		"a page of another origin may not do this; the application can name the origins that it trusts"))
	return true
}

var own = http.NewCrossOriginProtection()

// CrossOriginLayer is CrossOrigin before a handler.
func CrossOriginLayer(protection *http.CrossOriginProtection) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !CrossOrigin(protection, w, r) {
				next.ServeHTTP(w, r)
			}
		})
	}
}
