package ratelimit

import (
	"context"
	"net/http"
	"time"

	"github.com/sethvargo/go-limiter"

	"github.com/streamgate/streamgate/internal/problem"
)

// ErrLimited is what somebody is told who has no tokens left.
var ErrLimited error = problem.NewKind(http.StatusTooManyRequests, "rate-limited", "Too many requests")

// Store keeps the buckets of one Limit, one for each key. Its methods are called
// concurrently. Beyond the limiter.Store of go-limiter, whose Take takes one
// token, it takes any number of them.
//
// A bucket that nobody has taken from is full, and a store need not keep what
// is full. Numbers of tokens are counted to the thousandth, the nearest.
type Store interface {
	limiter.Store

	// TakeN takes n tokens from the bucket of key, or none where it has fewer.
	// With an n of 0 it takes nothing and tells what is there. A negative n, and
	// one that is not a number, is an error; all other errors are those of what
	// is behind the store. More tokens than the bucket ever holds are never there.
	TakeN(ctx context.Context, key string, n float64) (Result, error)

	// Charge takes n tokens from the bucket of key, and where it has fewer the
	// bucket owes the rest: it refuses until that has flowed back, too. So what
	// is known only afterwards, when many have done it at once, is paid for.
	Charge(ctx context.Context, key string, n float64) (Result, error)
}

// Result is a bucket after somebody has taken from it, or wanted to.
type Result struct {
	OK        bool
	Limit     Limit         // of this bucket
	Remaining float64       // tokens; negative where the bucket owes
	Wait      time.Duration // where it is not OK: until there are as many as were wanted
}

// Next is how long it takes until there is one whole token more than now; 0
// where there will be none, since the bucket is full.
func (r Result) Next() time.Duration {
	if r.Remaining >= float64(r.Limit.Burst) {
		return 0
	}
	return r.Limit.timeFor(max(float64(r.whole()), 0) + 1 - r.Remaining)
}

// whole is how many whole tokens there are.
func (r Result) whole() int64 {
	if r.Remaining <= 0 {
		return 0
	}
	return int64(r.Remaining)
}

// Stats are counts since a store began.
type Stats struct {
	Keys    int    // buckets that are held now; a full one may be among them for a while
	Allowed uint64 // calls that took
	Refused uint64 // calls that found too few tokens
	Shared  uint64 // calls that met the bucket that newcomers share, because the store was full
}
