// Package auth says who is asking and what they may do.
//
// An Authenticator turns a request into a Principal; an Authorizer decides
// whether that principal may do an Action to an Object. The application's own
// sessions stay in charge: an Authenticator is a function that reads them.
package auth

import (
	"context"
	"net/http"

	"github.com/streamgate/streamgate/internal/problem"
)

// The ways in which a request is refused.
var (
	// ErrUnauthenticated means that nobody is signed in and somebody must be.
	ErrUnauthenticated error = problem.NewKind(http.StatusUnauthorized, "unauthenticated", "Sign in first")
	// ErrForbidden means that the principal may know of the object but not do this.
	ErrForbidden error = problem.NewKind(http.StatusForbidden, "forbidden", "Not allowed")
	// ErrNotFound is what another's object looks like: as if it were not there.
	ErrNotFound error = problem.NewKind(http.StatusNotFound, "not-found", "Not found")
)

// Principal is who is asking. The zero value is nobody.
type Principal struct {
	ID    string // stable and unique within the application, at most 256 bytes; "" is nobody
	Admin bool   // may do everything to everything
}

// Authenticator tells who sends a request: the zero Principal for nobody, an
// error matching ErrUnauthenticated for credentials that are there and wrong.
// It is called concurrently, once for each request.
type Authenticator func(*http.Request) (Principal, error)

// Everybody is an Authenticator for servers that only their owner reaches: each
// request is made by the principal with this id.
func Everybody(id string) Authenticator {
	return func(*http.Request) (Principal, error) { return Principal{ID: id}, nil }
}

// Kind is a kind of object.
type Kind string

// The kinds of objects.
const (
	Asset  Kind = "asset"
	Upload Kind = "upload"
	Event  Kind = "event"
)

// Action is what somebody wants to do.
type Action string

// The actions. Play is the one that viewers need, and Key where what they play is
// encrypted.
const (
	Create Action = "create"
	Read   Action = "read"
	Update Action = "update"
	Delete Action = "delete"
	List   Action = "list"
	Play   Action = "play"
	Key    Action = "key" // have the keys of what is played
)

// Object is what an action is done to. ID is empty for Create and List.
type Object struct {
	Kind  Kind
	ID    string
	Owner string // the id of the principal it belongs to
}

// Authorizer decides: nil lets the action happen, an error refuses it and is
// the answer. It is called concurrently.
type Authorizer interface {
	Authorize(ctx context.Context, p Principal, a Action, o Object) error
}

// AuthorizerFunc is a function as an Authorizer.
type AuthorizerFunc func(ctx context.Context, p Principal, a Action, o Object) error

// Authorize calls f.
func (f AuthorizerFunc) Authorize(ctx context.Context, p Principal, a Action, o Object) error {
	return f(ctx, p, a, o)
}
