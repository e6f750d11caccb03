package upload

import (
	"fmt"

	"github.com/streamgate/streamgate/internal/problem"
)

// ietfProblem begins the problem types that the protocol has registered. Its
// answers carry them in place of our own, which name the same kinds elsewhere.
const ietfProblem = "https://iana.org/assignments/http-problem-types#"

func errMismatch(expected, provided int64) error {
	return &problem.Error{
		Kind:   problem.KindOf(ErrOffset),
		Type:   ietfProblem + "mismatching-upload-offset",
		Detail: fmt.Sprintf("the upload ends at %d, not at %d; go on from there", expected, provided),
		Fields: map[string]any{"expected-offset": expected, "provided-offset": provided},
	}
}

func errLength(format string, args ...any) error {
	return &problem.Error{
		Kind:   problem.KindOf(ErrLength),
		Type:   ietfProblem + "inconsistent-upload-length",
		Detail: fmt.Sprintf(format, args...),
	}
}

// errCompleted is a 400, which drafts -04 to -08 want.
func errCompleted() error {
	return &problem.Error{
		Kind:   problem.KindOf(problem.ErrBadRequest),
		Type:   ietfProblem + "completed-upload",
		Detail: "the upload is complete and takes no more bytes",
	}
}
