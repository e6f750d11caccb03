// Package access writes one log line for each request, with what the layers
// below found out about it: who asked, and which error was the answer.
package access

import (
	"context"
	"sync"
)

// Entry collects, while a request is served, what its log line will say. A nil
// Entry takes everything and keeps nothing. It is safe for concurrent use.
type Entry struct {
	mu        sync.Mutex
	principal string
	err       error
}

// Key is that of an *Entry in a context. It and the other keys are here, and not
// beside what they stand for, so that one value can answer for all of them.
type Key struct{}

// PrincipalKey is that of an *auth.Principal.
type PrincipalKey struct{}

// SignerKey is that of a Signer.
type SignerKey struct{}

// A Signer keeps who sends the request, so that the request need not be copied
// for it.
type Signer interface{ SignIn(id string, admin bool) }

// NewContext returns a context that carries a new Entry.
func NewContext(ctx context.Context) (context.Context, *Entry) {
	e := new(Entry)
	return context.WithValue(ctx, Key{}, e), e
}

// FromContext returns the request's Entry; nil where nobody writes an access log.
func FromContext(ctx context.Context) *Entry {
	e, _ := ctx.Value(Key{}).(*Entry)
	return e
}

// SetPrincipal says who sent the request.
func (e *Entry) SetPrincipal(id string) {
	if e == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.principal = id
}

// SetError says why the request failed. The first error stays.
func (e *Entry) SetError(err error) {
	if e == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.err == nil {
		e.err = err
	}
}

// Principal returns who sent the request; "" for nobody.
func (e *Entry) Principal() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.principal
}

// Err returns why the request failed; nil when it did not.
func (e *Entry) Err() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.err
}
