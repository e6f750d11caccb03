package auth_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/internal/access"
)

func TestMiddleware(t *testing.T) {
	tests := map[string]struct {
		authenticate auth.Authenticator
		status       int
		seen         auth.Principal
	}{
		"a principal reaches the handler": {
			auth.Everybody("ada"), http.StatusNoContent, auth.Principal{ID: "ada"},
		},
		"nobody passes": {
			func(*http.Request) (auth.Principal, error) { return auth.Principal{}, nil },
			http.StatusNoContent,
			auth.Principal{},
		},
		"wrong credentials are 401": {
			func(*http.Request) (auth.Principal, error) {
				return auth.Principal{ID: "ada"}, fmt.Errorf("cookie: %w", auth.ErrUnauthenticated)
			},
			http.StatusUnauthorized,
			auth.Principal{},
		},
		"an authenticator that cannot tell fails closed": {
			func(*http.Request) (auth.Principal, error) {
				return auth.Principal{ID: "ada"}, errors.New("database is down")
			},
			http.StatusInternalServerError,
			auth.Principal{},
		},
		"an id that is too long fails closed": {
			auth.Everybody(strings.Repeat("x", auth.MaxIDLength+1)), http.StatusInternalServerError, auth.Principal{},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var seen auth.Principal
			h := auth.Middleware(tt.authenticate)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				seen = auth.FromContext(r.Context())
				w.WriteHeader(http.StatusNoContent)
			}))
			ctx, entry := access.NewContext(t.Context())
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil))
			if w.Code != tt.status {
				t.Errorf("status %d, want %d", w.Code, tt.status)
			}
			if diff := cmp.Diff(tt.seen, seen); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if entry.Principal() != tt.seen.ID {
				t.Errorf("the access log got %q", entry.Principal())
			}
		})
	}
}

func ExampleMiddleware() {
	sessions := map[string]string{"cookie-of-ada": "ada"}
	authenticate := func(r *http.Request) (auth.Principal, error) {
		c, err := r.Cookie("session")
		if err != nil {
			return auth.Principal{}, nil // nobody
		}
		return auth.Principal{ID: sessions[c.Value]}, nil
	}
	hello := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		fmt.Println("hello", auth.FromContext(r.Context()).ID)
	})

	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.AddCookie(&http.Cookie{Name: "session", Value: "cookie-of-ada"})
	auth.Middleware(authenticate)(hello).ServeHTTP(httptest.NewRecorder(), r)
	// Output: hello ada
}

func ExampleOwnerOnly() {
	film := auth.Object{Kind: auth.Asset, ID: "film", Owner: "ada"}
	authorizer := auth.PublicPlay(auth.OwnerOnly())

	bob := auth.Principal{ID: "bob"}
	fmt.Println(authorizer.Authorize(context.Background(), bob, auth.Play, film))
	fmt.Println(authorizer.Authorize(context.Background(), bob, auth.Read, film))
	// Output:
	// <nil>
	// there is no asset "film"
}
