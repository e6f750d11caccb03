package validate

import (
	"net/http"

	"github.com/streamgate/streamgate/internal/problem"
)

// WriteProblem answers r with err as application/problem+json (RFC 9457): an error
// of this package with status 422, "field" and "errors", any other with 500 and
// no word of what it was. It is for handlers of an application that check what
// they are sent as a Gate does. The answer must not have begun.
func WriteProblem(w http.ResponseWriter, r *http.Request, err error) { problem.Write(w, r, err) }
