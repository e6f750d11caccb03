package middleware

import (
	"context"
	"net/http"
	"net/url"
	"sync"
	"time"
	"unsafe"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/internal/access"
	"github.com/streamgate/streamgate/internal/requestid"
	"github.com/streamgate/streamgate/internal/response"
)

// An exchange is a request and its answer, in one allocation: the context, the
// request that carries it, the writer that counts, and what the layers below
// find out. It is not used again, since a goroutine of a handler may keep the
// context for longer than the handler runs.
type exchange struct {
	ctx   context.Context //nolint:containedctx // of the request as it came; an exchange is one itself
	req   http.Request
	url   url.URL // of req, once Strip has made it
	res   response.Recorder
	entry access.Entry
	began time.Time

	writer http.ResponseWriter // over res

	endpoint any

	id     string // empty until somebody asks
	named  sync.Once
	text   [requestid.Length]byte // of an id that was made here
	answer [1]string              // the header's values
	who    auth.Principal
	known  bool // who is
}

func (x *exchange) Deadline() (time.Time, bool) { return x.ctx.Deadline() }
func (x *exchange) Done() <-chan struct{}       { return x.ctx.Done() }
func (x *exchange) Err() error                  { return x.ctx.Err() }

func (x *exchange) Value(key any) any {
	switch key.(type) {
	case access.Key:
		return &x.entry
	case requestid.Key:
		return x.name()
	case access.PrincipalKey:
		if x.known {
			return &x.who
		}
	case access.SignerKey:
		return x
	case EndpointKey:
		return x.endpoint
	case RequestKey:
		return &x.req
	}
	return x.ctx.Value(key)
}

// SignIn implements access.Signer.
func (x *exchange) SignIn(id string, admin bool) {
	x.who, x.known = auth.Principal{ID: id, Admin: admin}, true
}

// begin makes the exchange of a request.
func begin(w http.ResponseWriter, r *http.Request, o *BeginOptions) *exchange {
	x := &exchange{ctx: r.Context(), endpoint: o.Endpoint, began: time.Now()}
	x.req = *r.WithContext(x)
	x.writer = x.res.Start(w)
	if !o.Quiet {
		x.answer[0] = *x.name()
		w.Header()["X-Request-Id"] = x.answer[:1:1]
	}
	return x
}

// name returns the id of the request, its own where it sends one.
func (x *exchange) name() *string {
	x.named.Do(func() {
		if x.id = requestid.Given(&x.req); x.id == "" {
			requestid.Fill(&x.text)
			x.id = unsafe.String(&x.text[0], len(x.text)) // never written to again, and saves an allocation
		}
	})
	return &x.id
}

// Strip is http.StripPrefix, without copying a request that Begin has copied.
func Strip(prefix string, next http.Handler) http.Handler {
	copying := http.StripPrefix(prefix, next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x, ok := r.Context().(*exchange)
		if !ok || r != &x.req || r.URL.RawPath != "" || len(r.URL.Path) < len(prefix) || r.URL.Path[:len(prefix)] != prefix {
			copying.ServeHTTP(w, r)
			return
		}
		x.url = *r.URL
		x.url.Path = x.url.Path[len(prefix):]
		r.URL = &x.url
		next.ServeHTTP(w, r)
	})
}
