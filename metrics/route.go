package metrics

import (
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/streamgate/streamgate/internal/response"
)

// Route returns a middleware that counts the requests of one route of a service:
// how many, how they ended, how long they took, how large they and their answers
// were, and how many are being served. The series are those of the route; what
// stands in a request decides only between what is known beforehand: the method
// is one of nine or Other, the status one that there is or Other, and where finer
// patterns are given the first that fits takes the place of pattern.
//
// A pattern is a path as the middleware sees it, in which {name} stands for one
// segment and {name...}, at the end, for all that is left, such as
// "/v1/uploads/{id}". A pattern is only compared where it is a finer one: what
// reaches the middleware is what the route is.
//
// The middleware keeps of the http.ResponseWriter what net/http gives it, and
// shares its counting with the access log of a Gate. It allocates nothing, but
// for a request with a body that no layer above counts. As everywhere in
// net/http, a handler must not use its ResponseWriter when it has returned.
func (r *Registry) Route(service, pattern string, finer ...string) (func(http.Handler) http.Handler, error) {
	all, err := r.requests()
	if err != nil {
		return nil, err
	}
	patterns := append([]string{pattern}, finer...)
	rt := &route{
		inFlight: all.inFlight.With(service),
		outcomes: newOutcomes(all, service),
		patterns: make([]routePattern, len(patterns)),
	}
	for i, p := range patterns {
		parsed, err := parsePattern(p)
		if err != nil {
			return nil, fmt.Errorf("metrics: the pattern %q: %w", p, err)
		}
		rt.patterns[i] = routePattern{pattern: parsed, all: all, service: service, label: p}
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { rt.serve(next, w, r) })
	}, nil
}

// route holds what was resolved when it was wired.
type route struct {
	inFlight *Gauge
	outcomes *outcomes
	patterns []routePattern // the first is for what fits no other
}

// epoch is what times are measured from: to ask how much time has passed since
// then is half as dear as to ask what time it is.
var epoch = time.Now()

func (rt *route) serve(next http.Handler, w http.ResponseWriter, r *http.Request) {
	begin := time.Since(epoch)
	series := rt.find(r.URL.Path).of(r.Method)
	rt.inFlight.Inc()
	rec, w := response.Record(w)
	var body sizer
	if r.Body != nil && r.Body != http.NoBody {
		r, body = countBody(r)
	}
	finished := false
	defer func() { // on a panic, too
		rt.inFlight.Dec()
		series.duration.ObserveDuration(time.Since(epoch) - begin)
		series.responseSize.Observe(float64(rec.Bytes()))
		if body != nil {
			series.read(body.BytesRead())
		}
		status, broken := ended(rec.Status(), finished)
		series.code(status, broken, rt.outcomes).inc()
		rec.Release()
	}()
	next.ServeHTTP(w, r)
	finished = true
}

// ended is the status of an answer, and whether it broke off. A handler that
// panics before it has answered is answered for with 500.
func ended(status int, finished bool) (code int, broken bool) {
	switch {
	case status != 0:
		return status, !finished
	case finished:
		return http.StatusOK, false
	}
	return http.StatusInternalServerError, false
}

func (rt *route) find(path string) *routePattern {
	for i := 1; i < len(rt.patterns); i++ {
		if rt.patterns[i].matches(path) {
			return &rt.patterns[i]
		}
	}
	return &rt.patterns[0]
}

// sizer is a body that knows how much of it was read. What a client announces
// may be anything.
type sizer interface{ BytesRead() int64 }

// countBody counts what is read of the body, unless a layer above does.
func countBody(r *http.Request) (*http.Request, sizer) {
	if s, ok := r.Body.(sizer); ok {
		return r, s
	}
	body := &countedBody{ReadCloser: r.Body}
	r = r.WithContext(r.Context()) // net/http looks at the body that it knows
	r.Body = body
	return r, body
}

type countedBody struct {
	io.ReadCloser
	n atomic.Int64
}

func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.n.Add(int64(n))
	return n, err
}

func (b *countedBody) BytesRead() int64 { return b.n.Load() }
