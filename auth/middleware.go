package auth

import (
	"net/http"

	"github.com/streamgate/streamgate/internal/access"
	"github.com/streamgate/streamgate/internal/problem"
)

// MaxIDLength is how long a Principal's id may be, in bytes.
const MaxIDLength = 256

// Middleware asks authenticate who sends each request and puts the Principal
// into the request's context, where FromContext finds it. Nobody passes too:
// what nobody may do is the Authorizer's decision. An error is the answer.
func Middleware(authenticate Authenticator) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			p, err := authenticate(r)
			if err == nil {
				err = check(p)
			}
			if err != nil {
				problem.Write(w, r, err)
				return
			}
			ctx := r.Context()
			access.FromContext(ctx).SetPrincipal(p.ID)
			if s, ok := ctx.Value(access.SignerKey{}).(access.Signer); ok {
				s.SignIn(p.ID, p.Admin)
				next.ServeHTTP(w, r)
				return
			}
			next.ServeHTTP(w, r.WithContext(NewContext(ctx, p)))
		})
	}
}

// check refuses what an authenticator must not return.
func check(p Principal) error {
	if len(p.ID) > MaxIDLength {
		return problem.Errorf(problem.ErrInternal, "the id of the principal is longer than %d bytes", MaxIDLength)
	}
	return nil
}
