// Package problem is the one place where an error becomes an HTTP answer:
// application/problem+json as RFC 9457 describes it.
//
// A package declares the ways in which it fails as kinds:
//
//	var ErrNotFound error = problem.NewKind(http.StatusNotFound, "not-found", "Not found")
//
// and returns them bare, or with a sentence for the person who reads the answer:
//
//	return problem.Errorf(ErrNotFound, "no asset %q", id)
//	return problem.Because(ErrUnavailable, cause, "the disk did not take the bytes")
//
// errors.Is(err, ErrNotFound) holds for all of them. The detail is shown to the
// client; the cause never is, it goes to the log.
package problem

import (
	"errors"
	"fmt"
)

// A Kind is a class of failure: a status code, a stable slug and a title.
// It is an error itself, so that it serves as a sentinel for errors.Is.
type Kind struct {
	Status int    // HTTP status code
	Slug   string // the last part of the problem's type URI; never changes
	Title  string // a short sentence, the same for every occurrence
}

// NewKind returns a new sentinel. Kinds are compared by identity.
func NewKind(status int, slug, title string) *Kind {
	return &Kind{Status: status, Slug: slug, Title: title}
}

// Error returns the title.
func (k *Kind) Error() string { return k.Title }

// Error is an occurrence of a Kind.
type Error struct {
	Kind   *Kind
	Type   string // a registered problem type (RFC 9457 §4.2), where a protocol wants it in place of the kind's
	Detail string // for the client: what happened and what to do about it
	Cause  error  // for the log; may be nil
	Fields map[string]any
}

// Error returns detail and cause in one line.
func (e *Error) Error() string {
	switch {
	case e.Cause == nil:
		return e.Detail
	case e.Detail == "":
		return e.Kind.Title + ": " + e.Cause.Error()
	}
	return e.Detail + ": " + e.Cause.Error()
}

// Unwrap makes errors.Is and errors.As see both the kind and the cause.
func (e *Error) Unwrap() []error {
	if e.Cause == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Cause}
}

// Errorf returns an occurrence of kind, which must be a *Kind, with a detail.
func Errorf(kind error, format string, args ...any) error {
	return &Error{Kind: mustKind(kind), Detail: fmt.Sprintf(format, args...)}
}

// Because is Errorf with a cause that is logged and never shown.
func Because(kind, cause error, format string, args ...any) error {
	return &Error{Kind: mustKind(kind), Detail: fmt.Sprintf(format, args...), Cause: cause}
}

func mustKind(err error) *Kind {
	k, ok := err.(*Kind) //nolint:errorlint // the sentinel itself is wanted, not something that wraps one
	if !ok {
		panic(fmt.Sprintf("problem: %T is not a *problem.Kind", err))
	}
	return k
}

// KindOf returns the kind of err, or nil when it has none.
func KindOf(err error) *Kind {
	k, _ := errors.AsType[*Kind](err)
	return k
}
