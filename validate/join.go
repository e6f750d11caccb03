package validate

import (
	"errors"
	"strings"

	"github.com/streamgate/streamgate/internal/problem"
)

// A FieldError is what is wrong with one field. It is one of the "errors" of the
// problem+json that an error of this package becomes.
type FieldError struct {
	Field  string `json:"field"`
	Detail string `json:"detail"` // a sentence that begins with the field
}

// Join returns one error of all that are not nil, or nil: a form is then sent
// back once, with everything that is wrong with it. As problem+json it has
// "errors", a list of FieldErrors in the given order, and "field", the first of
// them. An error that does not match ErrInvalid is returned as it is, before
// all others: it is not about the input.
func Join(errs ...error) error {
	var all []FieldError
	for _, err := range errs {
		switch {
		case err == nil:
		case !errors.Is(err, ErrInvalid):
			return err
		default:
			all = append(all, Fields(err)...)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return joined(all)
}

// Fields returns what is wrong by the error of a function of this package, nil
// for any other.
func Fields(err error) []FieldError {
	var e *problem.Error
	if !errors.As(err, &e) || !errors.Is(e, ErrInvalid) {
		return nil
	}
	list, _ := e.Fields["errors"].([]FieldError)
	return list
}

func joined(all []FieldError) error {
	details := make([]string, len(all))
	for i, e := range all {
		details[i] = e.Detail
	}
	return &problem.Error{
		Kind:   ErrInvalid.(*problem.Kind),
		Detail: strings.Join(details, "; "),
		Fields: map[string]any{"field": all[0].Field, "errors": all},
	}
}
