// Package redis keeps the buckets of a ratelimit.Limiter in Redis, so that all
// instances of an application count together.
//
//	client := goredis.NewClient(&goredis.Options{Addr: "…", ContextTimeoutEnabled: true})
//	store, err := redis.New(client, "limit:uploads:", limit, nil)
//	…
//	l, err := ratelimit.New(limit, ratelimit.ByClientIP, &ratelimit.Options{Store: store})
//
// # What does it ask of Redis?
//
// Version 5 or later, a cluster or a ring as well: each request is one script on
// one key, sent by its hash. The time is that of the server, so the clocks of
// the instances do not matter. When the server's own is set back, buckets fill
// from then on; when it is set forward, they fill by as much.
//
// A key is the prefix and what the Key of the Limiter returned, in plain text: an
// address, the id of a principal. One of more than 128 bytes is a hash. A key
// expires when its bucket is full. How many there may be is the server's to
// limit: set maxmemory and a policy of volatile-ttl there, which drops those
// that are nearest to being full.
//
// # What happens when Redis is down?
//
// What Options.WhenDown says: each instance counts by itself (the default: a
// limit that is n times too wide for n instances, and no outage), all requests
// are answered 503, or all are let through. A request waits for Timeout at most,
// and after three that have failed in a row Redis is left alone but for one
// request in each Pause. What was counted without Redis is not told to it when
// it is back.
//
// An answer that is lost on the way may have taken its tokens.
package redis
