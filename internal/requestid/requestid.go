// Package requestid gives each request an id that its answer, its log line, its
// problem and its events carry.
package requestid

import (
	"context"
	"math/rand/v2"
	"net/http"
)

// Header is the name of the header that carries the id, both ways.
const Header = "X-Request-ID"

const maxLength = 128

// Key is that of the id in a context: a string, or a pointer to one.
type Key struct{}

// Given returns the id that a request sends, "" where it sends none that is sane.
func Given(r *http.Request) string {
	if ids := r.Header["X-Request-Id"]; len(ids) > 0 && sane(ids[0]) {
		return ids[0]
	}
	return ""
}

// Length is that of the ids that Fill makes, in bytes.
const Length = 26

// Fill makes a new id: 128 random bits in base32. They tell requests apart and
// are no secret.
func Fill(b *[Length]byte) {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	hi, lo := rand.Uint64(), rand.Uint64() //nolint:gosec // see above
	for i := range b {
		b[i] = digits[lo&31]
		lo = lo>>5 | hi<<59
		hi >>= 5
	}
}

// NewContext returns a context that carries id.
func NewContext(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, Key{}, id)
}

// FromContext returns the request's id; "" outside a request.
func FromContext(ctx context.Context) string {
	switch id := ctx.Value(Key{}).(type) {
	case string:
		return id
	case *string:
		return *id
	}
	return ""
}

// sane reports whether an id from outside may stand in logs and headers.
func sane(id string) bool {
	if id == "" || len(id) > maxLength {
		return false
	}
	for i := range len(id) {
		c := id[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '-', c == '_', c == '.', c == ':', c == '/', c == '+', c == '=', c == '@':
		default:
			return false
		}
	}
	return true
}
