package audit

import (
	"context"
	"net"
	"net/http"
)

type originKey struct{}

// Origin is where a request comes from.
type Origin struct {
	Address string // the IP address of the client
	TraceID string // of the distributed trace that the request belongs to
}

// NewContext returns a context that carries o to a Recorder.
func NewContext(ctx context.Context, o Origin) context.Context {
	return context.WithValue(ctx, originKey{}, o)
}

// FromContext returns the Origin of a request; the zero one where nobody set it.
func FromContext(ctx context.Context) Origin {
	o, _ := ctx.Value(originKey{}).(Origin)
	return o
}

// Middleware puts the Origin of each request into its context. A nil origin
// takes the address of the connection, which behind a proxy is the proxy's, and
// believes no header: which headers are true only the application knows.
func Middleware(origin func(*http.Request) Origin) func(http.Handler) http.Handler {
	if origin == nil {
		origin = connection
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r.WithContext(NewContext(r.Context(), origin(r))))
		})
	}
}

func connection(r *http.Request) Origin {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	return Origin{Address: host}
}
