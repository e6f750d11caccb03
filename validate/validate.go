// Package validate checks what comes from outside: text, file names, e-mail
// addresses, hashes, Ethereum addresses, language tags, titles and tags.
//
// Each function takes the name of the field as its user knows it, which the
// error names together with the limit:
//
//	err := validate.Line("title", title, 200)
//	// title has 512 characters; at most 200 are possible
//
// Join makes one error of several, for forms that are to be answered once.
//
// Every error matches ErrInvalid, and its sentence is fit to be shown to who
// sent the value. Nothing is looked up, nothing is changed, and each function
// takes time linear in its input. All may be called concurrently.
package validate

import (
	"fmt"
	"net/http"

	"github.com/streamgate/streamgate/internal/problem"
)

// ErrInvalid is what every error of this package matches.
var ErrInvalid error = problem.NewKind(http.StatusUnprocessableEntity, "invalid", "The input is not valid")

// invalid returns an occurrence that names the field, in words and for programs.
func invalid(field, format string, args ...any) error {
	return joined([]FieldError{{Field: field, Detail: field + " " + fmt.Sprintf(format, args...)}})
}
