package auth

import (
	"context"

	"github.com/streamgate/streamgate/internal/access"
)

// NewContext returns a context that carries p.
func NewContext(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, access.PrincipalKey{}, &p)
}

// FromContext returns who sends the request; nobody where no Middleware ran.
func FromContext(ctx context.Context) Principal {
	if p, ok := ctx.Value(access.PrincipalKey{}).(*Principal); ok {
		return *p
	}
	return Principal{}
}
