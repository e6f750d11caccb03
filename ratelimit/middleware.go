package ratelimit

import (
	"context"
	"net/http"

	"github.com/streamgate/streamgate/internal/problem"
)

// Middleware takes the cost of each request from the bucket of its key and
// answers 429 where there is too little. A store that fails is a 503. The
// http.ResponseWriter is handed on as it came.
func (l *Limiter) Middleware(next http.Handler) http.Handler {
	return l.layer(next, l.Take, true)
}

// Peek answers 429 to requests whose bucket has less in it than they cost, and
// takes nothing. It stands before what is dear and decides what is charged to
// whom: an authentication, whose failures Charge counts. Where the principal is
// not known yet, a Key of ByPrincipal is that of the address.
func (l *Limiter) Peek(next http.Handler) http.Handler {
	return l.layer(next, l.look, false)
}

// Charge takes the cost of r from the bucket of its key, after the fact. What
// is not there is owed: of many attempts that were under way at once, each is
// paid for.
func (l *Limiter) Charge(r *http.Request) error {
	cost := l.costOf(r)
	if cost == 0 {
		return nil
	}
	return l.charge(r.Context(), l.key(r), cost)
}

// layer lets through whom ask says yes to.
func (l *Limiter) layer(next http.Handler, ask func(context.Context, string, float64) (Result, error), tell bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cost := l.costOf(r)
		if cost == 0 {
			next.ServeHTTP(w, r)
			return
		}
		key := l.key(r)
		res, err := ask(r.Context(), key, cost)
		switch {
		case err != nil:
			problem.Write(w, r, problem.Because(problem.ErrUnavailable, err, "whether you may go on is not known now; try again later"))
		case !res.OK:
			l.refuse(w, r, key, res)
		default:
			if tell {
				l.tell(w.Header(), res)
			}
			next.ServeHTTP(w, r)
		}
	})
}

// costOf is what r costs; 0 where it is not limited. What is no number is a
// mistake of the application's, and costs what a request does.
func (l *Limiter) costOf(r *http.Request) float64 {
	if l.cost == nil {
		return 1
	}
	c := l.cost(r)
	if c != c {
		return 1
	}
	return max(c, 0)
}

func (l *Limiter) refuse(w http.ResponseWriter, r *http.Request, key string, res Result) {
	if l.onRefuse != nil {
		l.onRefuse(r, key)
	}
	l.tell(w.Header(), res)
	wait := max(seconds(res.Wait), 1)
	problem.Write(w, r, &problem.Error{
		Kind:   problem.KindOf(ErrLimited),
		Detail: "you have sent too many requests; wait before the next one",
		Fields: map[string]any{problem.RetryAfter: int(wait), "limit": l.plain},
	})
}
