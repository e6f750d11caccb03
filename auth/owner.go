package auth

import (
	"context"

	"github.com/streamgate/streamgate/internal/problem"
)

// OwnerOnly returns the Authorizer that lets each principal do everything to
// what is their own, and an Admin everything to everything. Nobody (even with
// Admin set) gets ErrUnauthenticated, and another's object is ErrNotFound by every action: it
// does not show that it exists. Create and List need a principal and no more.
func OwnerOnly() Authorizer { return AuthorizerFunc(ownerOnly) }

func ownerOnly(_ context.Context, p Principal, a Action, o Object) error {
	switch {
	case p.ID == "":
		return problem.Errorf(ErrUnauthenticated, "this needs somebody who is signed in")
	case p.Admin:
		return nil
	case a == Create || a == List:
		return nil
	case o.Owner != p.ID:
		return problem.Errorf(ErrNotFound, "there is no %s %q", o.Kind, o.ID)
	}
	return nil
}

// PublicPlay returns an Authorizer that lets anybody Play, and asks next about
// everything else: about Key, too, so that what is encrypted can be fetched by
// anybody and read by whom next lets have the keys.
func PublicPlay(next Authorizer) Authorizer {
	return AuthorizerFunc(func(ctx context.Context, p Principal, a Action, o Object) error {
		if a == Play {
			return nil
		}
		return next.Authorize(ctx, p, a, o)
	})
}
