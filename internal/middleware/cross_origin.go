package middleware

import (
	"fmt"
	"net/http"

	"github.com/streamgate/streamgate/internal/problem"
)

var errCrossOrigin error = problem.NewKind(http.StatusForbidden, "cross-origin", "Not from another site")

// CrossOrigin refuses requests that write and that a browser sends for a page
// of another origin, but for the trusted ones ("https://app.example.com"). An
// error says which of them is no origin.
func CrossOrigin(trusted ...string) (func(http.Handler) http.Handler, error) {
	protection := http.NewCrossOriginProtection()
	for _, origin := range trusted {
		if err := protection.AddTrustedOrigin(origin); err != nil {
			return nil, fmt.Errorf("trusted origin %q: %w", origin, err)
		}
	}
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		problem.Write(w, r, problem.Errorf(errCrossOrigin,
			"a page of another origin may not do this; name its origin with WithTrustedOrigins if it shall"))
	}))
	return protection.Handler, nil
}
