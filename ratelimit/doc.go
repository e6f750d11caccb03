// Package ratelimit limits how much somebody may ask for: a token bucket for
// each key, before any http.Handler.
//
//	limit, err := ratelimit.New(ratelimit.Limit{Burst: 100, Rate: 10}, ratelimit.ByClientIP, nil)
//	…
//	mux.Handle("/uploads/", limit.Middleware(uploads))
//
// A client may send 100 requests at once and then 10 a second. One that sends
// more is answered 429 with a Retry-After, as application/problem+json.
//
// # What is a key?
//
// Whatever a Key makes of a request: those with the same one share a bucket.
// ByClientIP takes the address of the connection, ByForwardedIP that which named
// proxies tell, ByPrincipal whoever is signed in and otherwise the address. Any
// function will do. Of an IPv6 address the first 64 bits count, since that is
// what one subscriber gets; ::ffff:192.0.2.1 is 192.0.2.1; all who have no
// address share a bucket.
//
// A provider may give one customer a /56 or a /48, that is 256 or 65536 buckets.
// Where that matters, limit by principal, or write a Key of fewer bits.
//
// # What is trusted?
//
// With ByClientIP, nothing that a client sends. Behind a proxy every request then
// comes from the proxy: name it to ByForwardedIP, and X-Forwarded-For is read
// from its end as far as the named ones have written it. Name no range from which
// clients connect, or they write their own address. RemoteIP and ForwardedIP are
// the same for logs.
//
// # What does a request cost?
//
// One token, or what Options.Cost says: a chunk of an upload that was let in may
// cost a tenth of letting it in. Tokens are counted in thousandths, and exactly:
// what is rounded never adds up.
//
// # What does a client see?
//
// RateLimit-Policy and RateLimit, the two fields of
// draft-ietf-httpapi-ratelimit-headers, of which -11 of May 2026 is the newest:
//
//	RateLimit-Policy: "default";q=100;w=10
//	RateLimit: "default";r=57;t=1
//
// A full bucket holds q requests, and an empty one is full after w seconds; r
// remain, and until t seconds are over there are no more than that. A full bucket
// has no t. Options.NoHeaders leaves both out.
//
// # Before and after an authentication
//
// With a Key of ByPrincipal one Limiter does both: Peek stands before the
// authentication, when the key is still the address, and refuses whoever has an
// empty bucket without taking anything. Middleware stands behind it and takes
// from the principal's bucket, or from the address's where nobody is signed in.
// Charge takes from the address when the authentication has failed, and lets it
// owe: a thousand attempts that were all under way at once are all paid for.
//
// # What happens when a store is full?
//
// A Memory holds MaxKeys buckets, 2^20 by default, in 32 MB at most. A bucket
// that is full again gives its place to the next key. When none of them is,
// newcomers share one bucket, until somebody's has filled: they are slowed down
// together, and nobody who owes is forgotten. Stats counts how often. No goroutine
// is needed for that.
//
// # What about several instances?
//
// Each counts for itself, so that of n instances a client gets n times the
// limit, unless a balancer keeps it on one. Package ratelimit/redis makes them
// count together, and says what happens while Redis is down. Any other store of
// github.com/sethvargo/go-limiter works too, but only takes whole tokens.
//
// # What happens when the clock is set?
//
// Nothing: a Memory counts by the monotonic clock.
package ratelimit
