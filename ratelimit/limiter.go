package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"time"

	"github.com/sethvargo/go-limiter"
)

// Options are the choices for a Limiter. A nil *Options has all defaults.
type Options struct {
	// Name is what clients see of the limit in the header fields and in the
	// problem: printable ASCII. Default: "default".
	Name string

	// Store keeps the buckets. A Store of this package has to have the limit that
	// New is given. Any other store of go-limiter works too, by its own limit:
	// each request takes one token of it, whatever Cost says, but for requests
	// that cost nothing, and Charge takes one if there is one.
	// Default: a Memory of the limit.
	Store limiter.Store

	// Cost is how many tokens a request takes, counted to the thousandth. Below a
	// thousandth it takes one; 0 or less, and it is not limited at all; more than
	// the bucket holds, and it takes a full bucket. Default: 1 for each request.
	Cost func(*http.Request) float64

	// OnRefuse is called for each request that is refused, before the answer. In
	// a flood that is often: it has to be fast, and count rather than write.
	// Default: nothing.
	OnRefuse func(r *http.Request, key string)

	// NoHeaders leaves out RateLimit and RateLimit-Policy, which tell clients,
	// those that attack included, how much they have left. A 429 always has its
	// Retry-After. Default: they are sent.
	NoHeaders bool
}

// Limiter lets requests through as long as the bucket of their key has tokens.
// It is safe for concurrent use and has nothing to close but its store.
type Limiter struct {
	limit    Limit
	key      Key
	store    limiter.Store
	buckets  Store // the store, where it is one of this package
	cost     func(*http.Request) float64
	onRefuse func(*http.Request, string)
	plain    string   // name
	name     string   // quoted
	policy   []string // the RateLimit-Policy; nil for no header fields
}

// New returns a Limiter that gives each key a bucket of this limit.
func New(limit Limit, key Key, o *Options) (*Limiter, error) {
	if err := limit.Validate(); err != nil {
		return nil, err
	}
	if key == nil {
		return nil, errors.New("ratelimit: without a key nobody can be told from anybody; use ByClientIP, or a function that returns one string for all")
	}
	if o == nil {
		o = new(Options)
	}
	l := &Limiter{limit: limit, key: key, store: o.Store, cost: o.Cost, onRefuse: o.OnRefuse, plain: o.Name}
	if l.plain == "" {
		l.plain = "default"
	}
	var err error
	if l.name, err = quote(l.plain); err != nil {
		return nil, err
	}
	if !o.NoHeaders {
		l.policy = []string{policy(l.name, limit)}
	}
	if l.store == nil {
		if l.store, err = NewMemory(limit, nil); err != nil {
			return nil, err
		}
	}
	if err := sameLimit(l.store, limit); err != nil {
		return nil, err
	}
	l.buckets, _ = l.store.(Store)
	return l, nil
}

// sameLimit refuses a store that limits otherwise than clients would be told.
func sameLimit(s limiter.Store, limit Limit) error {
	if s, ok := s.(interface{ Limit() Limit }); ok && s.Limit() != limit {
		return fmt.Errorf("ratelimit: the store has a limit of %+v, not of %+v", s.Limit(), limit)
	}
	return nil
}

// Store is where the buckets are.
func (l *Limiter) Store() limiter.Store { return l.store }

// Take takes n tokens from the bucket of key, or none where it has fewer: a
// limit on what is no request. More than Limit.Burst tokens are as many as that.
func (l *Limiter) Take(ctx context.Context, key string, n float64) (Result, error) {
	n = min(n, float64(l.limit.Burst))
	if l.buckets != nil {
		return l.buckets.TakeN(ctx, key, n)
	}
	_, remaining, reset, ok, err := l.store.Take(ctx, key)
	return l.foreign(remaining, reset, ok), err
}

// look tells whether n tokens are there, and takes none.
func (l *Limiter) look(ctx context.Context, key string, n float64) (Result, error) {
	if l.buckets == nil {
		tokens, remaining, err := l.store.Get(ctx, key)
		// A store that does not know the key has no tokens in a bucket of none.
		ok := remaining > 0 || tokens == 0
		return l.foreign(remaining, 0, ok), err // Get does not tell when there is more
	}
	res, err := l.buckets.TakeN(ctx, key, 0)
	if missing := min(n, float64(l.limit.Burst)) - res.Remaining; err == nil && missing > 0 {
		res.OK = false
		res.Wait = res.Limit.timeFor(missing)
	}
	return res, err
}

// charge takes n tokens whether they are there or not, and whether or not the
// client has gone away to be spared it.
func (l *Limiter) charge(ctx context.Context, key string, n float64) error {
	ctx = context.WithoutCancel(ctx)
	var err error
	if l.buckets != nil {
		_, err = l.buckets.Charge(ctx, key, n)
	} else {
		_, _, _, _, err = l.store.Take(ctx, key)
	}
	return err
}

// foreign is what a store of somebody else says.
func (l *Limiter) foreign(remaining, reset uint64, ok bool) Result {
	res := Result{OK: ok, Limit: l.limit, Remaining: float64(remaining)}
	if !ok {
		res.Wait = max(time.Until(time.Unix(0, int64(min(reset, math.MaxInt64)))), 0)
	}
	return res
}
