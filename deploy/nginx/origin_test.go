package nginx_test

import (
	"bytes"
	"context"
	"crypto/subtle"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/streamgate/streamgate"
	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/hls"
	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/internal/testclip"
)

// Ada owns the asset, and Grace may play it.
var keys = map[string]string{"ada-s-key": "ada", "grace-s-key": "grace", "mallory-s-key": "mallory"}

// tokens are what an application gave to viewers, to stand in their paths.
var tokens = map[string]string{"token.of.grace": "grace", "token.of.mallory": "mallory"}

type viewer struct{}

// whoAsks knows the edge by its key, and viewers by theirs.
func whoAsks(r *http.Request) (auth.Principal, error) {
	if key := r.Header.Get("StreamGate-Edge"); key != "" {
		if subtle.ConstantTimeCompare([]byte(key), []byte(edgeKey)) == 1 {
			return auth.Principal{ID: "the edge"}, nil
		}
		return auth.Principal{}, problem.Errorf(auth.ErrUnauthenticated, "this edge is not known")
	}
	if id, ok := r.Context().Value(viewer{}).(string); ok {
		return auth.Principal{ID: id}, nil
	}
	key, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return auth.Principal{}, nil
	}
	id, ok := keys[key]
	if !ok {
		return auth.Principal{}, problem.Errorf(auth.ErrUnauthenticated, "this key is not known")
	}
	return auth.Principal{ID: id}, nil
}

// whoMay lets the edge play everything, and Grace what is Ada's.
func whoMay(ctx context.Context, p auth.Principal, a auth.Action, o auth.Object) error {
	if a == auth.Play && (p.ID == "the edge" || p.ID == "grace") {
		return nil
	}
	return auth.OwnerOnly().Authorize(ctx, p, a, o)
}

// byToken is the application's: /play/t/{token}/… is /play/… for whom the token
// was given to.
func byToken(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rest, ok := strings.CutPrefix(r.URL.Path, "/play/t/")
		if !ok {
			next.ServeHTTP(w, r)
			return
		}
		token, rest, _ := strings.Cut(rest, "/")
		id, ok := tokens[token]
		if !ok {
			problem.Write(w, r, problem.Errorf(auth.ErrForbidden, "this token is not known"))
			return
		}
		r = r.Clone(context.WithValue(r.Context(), viewer{}, id))
		r.URL.Path = "/play/" + rest
		next.ServeHTTP(w, r)
	})
}

// An origin is a Gate with one asset, that notes what it is asked for.
type origin struct {
	*httptest.Server

	asset string

	mu    sync.Mutex
	asked []string // by the edge for itself: method and path
	heads int      // asked on behalf of viewers
}

func startOrigin(t *testing.T, public bool, more ...streamgate.Option) *origin {
	t.Helper()
	gate, err := streamgate.New(t.TempDir(), append([]streamgate.Option{
		streamgate.WithAuthenticator(whoAsks),
		streamgate.WithAuthorizer(auth.AuthorizerFunc(whoMay)),
		streamgate.WithPlayback(func(o *hls.Options) { o.Public, o.Downloads = public, true }),
		streamgate.WithLogger(slog.New(slog.DiscardHandler)),
	}, more...)...)
	if err != nil {
		t.Fatal(err)
	}
	if err := gate.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	o := &origin{}
	h := byToken(gate)
	o.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o.note(r)
		h.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		o.CloseClientConnections()
		o.Close()
		if err := gate.Stop(context.Background()); err != nil { // the test's own context has ended
			t.Error(err)
		}
	})
	o.upload(t)
	return o
}

func (o *origin) note(r *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if r.Header.Get("StreamGate-Edge") == "" {
		o.heads++
		return
	}
	what := r.Method + " " + r.URL.RequestURI()
	if r.Header.Get("Authorization")+r.Header.Get("Cookie")+r.Header.Get("X-Forwarded-For") != "" {
		what += " with what a viewer sent"
	}
	o.asked = append(o.asked, what)
}

// told returns what the edge has asked for since the last call.
func (o *origin) told() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	asked := o.asked
	o.asked = nil
	return asked
}

func (o *origin) upload(t *testing.T) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, o.URL+"/v1/uploads?filename=clip.mp4", bytes.NewReader(testclip.MP4(t)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer ada-s-key")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var created struct {
		Asset string `json:"asset_id"`
	}
	text, err := io.ReadAll(res.Body)
	if err != nil || json.Unmarshal(text, &created) != nil || created.Asset == "" {
		t.Fatalf("%s: %s", res.Status, text)
	}
	o.asset = created.Asset
}
