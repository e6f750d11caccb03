package streamgate_test

import (
	"context"
	"crypto/subtle"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/streamgate/streamgate"
	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/hls"
	"github.com/streamgate/streamgate/ratelimit"
)

// A Gate behind an edge that keeps one copy for all viewers: docs/edge.md.
func Example_edge() {
	open := func(dir, edgeKey string, app myApp) (*streamgate.Gate, error) {
		const edge = "service:edge" // an id that no user can have
		authenticate := func(r *http.Request) (auth.Principal, error) {
			key := r.Header.Get("StreamGate-Edge")
			switch {
			case key == "":
				return app.User(r)
			case subtle.ConstantTimeCompare([]byte(key), []byte(edgeKey)) == 1:
				return auth.Principal{ID: edge}, nil
			}
			return auth.Principal{}, auth.ErrUnauthenticated
		}
		authorize := func(ctx context.Context, p auth.Principal, a auth.Action, o auth.Object) error {
			if a == auth.Play && p.ID == edge {
				return nil
			}
			return auth.OwnerOnly().Authorize(ctx, p, a, o)
		}
		return streamgate.New(dir,
			streamgate.WithAuthenticator(authenticate),
			streamgate.WithAuthorizer(auth.AuthorizerFunc(authorize)),
			streamgate.WithPlayback(func(o *hls.Options) { o.Public = true }),
			streamgate.WithRateLimit("streaming", ratelimit.Limit{Burst: 100_000, Rate: 10_000}))
	}

	dir, _ := os.MkdirTemp("", "streamgate")
	defer os.RemoveAll(dir)
	gate, err := open(dir, "secret", myApp{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer gate.Stop(context.Background())
	for _, key := range []string{"secret", "guessed"} {
		r := httptest.NewRequest(http.MethodGet, "/play/film/master.m3u8", http.NoBody)
		r.Header.Set("StreamGate-Edge", key)
		w := httptest.NewRecorder()
		gate.ServeHTTP(w, r)
		fmt.Println(key, w.Code)
	}
	// Output:
	// secret 404
	// guessed 401
}
