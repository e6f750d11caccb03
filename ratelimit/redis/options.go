package redis

import (
	"errors"
	"fmt"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/streamgate/streamgate/ratelimit"
)

// WhenDown is what happens while Redis does not answer.
type WhenDown int

const (
	// CountLocally lets each instance count by itself, from full buckets: of n
	// instances one client may get n times the limit, and no more.
	CountLocally WhenDown = iota
	// FailClosed makes each call ErrDown, which a Limiter answers with 503: nobody
	// gets through.
	FailClosed
	// FailOpen lets everybody through.
	FailOpen
)

// Options are the choices for a Store. A nil *Options has all defaults.
type Options struct {
	// WhenDown is what happens while Redis does not answer. Default: CountLocally.
	WhenDown WhenDown

	// LocalKeys is how many buckets are held for CountLocally.
	// Default: ratelimit.DefaultMaxKeys.
	LocalKeys int

	// Timeout is how long a request waits for Redis. Default: 100ms.
	Timeout time.Duration

	// Pause is how long Redis is left alone after it has failed to answer three
	// requests in a row. Then one request tries, and if that fails, the next one
	// tries a pause later. Default: 1s.
	Pause time.Duration

	// OnChange is told when Redis is taken for down, with what happened, and when
	// it is back: for the log and an alert. It is called by a request that waits
	// for it. Default: nothing.
	OnChange func(down bool, err error)
}

// New returns a store that keeps buckets of this limit under keys that begin
// with prefix, which tells them from everything else on that server, and from
// those of other limits. The client stays the caller's, to be closed after the
// store. It must have ContextTimeoutEnabled set: without it, each request to a
// Redis that has fallen silent waits for the client's own, longer timeouts.
func New(client goredis.Scripter, prefix string, limit ratelimit.Limit, o *Options) (*Store, error) {
	if err := limit.Validate(); err != nil {
		return nil, err
	}
	if o == nil {
		o = new(Options)
	}
	switch {
	case client == nil:
		return nil, errors.New("ratelimit/redis: there is no client")
	case !heedsContext(client):
		return nil, errors.New("ratelimit/redis: the client waits for its own timeouts whatever the context says; set ContextTimeoutEnabled in its options")
	case prefix == "":
		return nil, errors.New("ratelimit/redis: the prefix is empty; each limit needs one of its own")
	case o.Timeout < 0 || o.Pause < 0:
		return nil, fmt.Errorf("ratelimit/redis: a timeout of %v and a pause of %v; neither can be negative", o.Timeout, o.Pause)
	case o.WhenDown < CountLocally || o.WhenDown > FailOpen:
		return nil, fmt.Errorf("ratelimit/redis: there is no WhenDown %d", o.WhenDown)
	}
	local, err := ratelimit.NewMemory(limit, &ratelimit.MemoryOptions{MaxKeys: o.LocalKeys})
	if err != nil {
		return nil, err
	}
	s := &Store{
		client: client, prefix: prefix, limit: limit, when: o.WhenDown, local: local,
		timeout: orDefault(o.Timeout, 100*time.Millisecond),
		scripts: newScripts(bucketScript),
		circuit: circuit{pause: orDefault(o.Pause, time.Second), began: time.Now(), onChange: o.OnChange},
	}
	if s.circuit.onChange == nil {
		s.circuit.onChange = func(bool, error) {}
	}
	return s, nil
}

func orDefault(d, otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return d
}

// heedsContext says whether a client gives up when its context ends. One that
// is of no kind known here is believed to.
func heedsContext(c goredis.Scripter) bool {
	switch c := c.(type) {
	case *goredis.Client:
		return c.Options().ContextTimeoutEnabled
	case *goredis.ClusterClient:
		return c.Options().ContextTimeoutEnabled
	case *goredis.Ring:
		return c.Options().ContextTimeoutEnabled
	}
	return true
}
