package redis

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/sethvargo/go-limiter"

	"github.com/streamgate/streamgate/ratelimit"
)

// ErrDown means that Redis did not answer, and that nobody else was to.
var ErrDown = errors.New("ratelimit/redis: Redis does not answer")

// Store is a ratelimit.Store in Redis: all instances that use the same prefix
// on the same server count together. It is safe for concurrent use, and starts
// no goroutines.
type Store struct {
	client  goredis.Scripter
	prefix  string
	limit   ratelimit.Limit
	when    WhenDown
	timeout time.Duration
	circuit circuit
	scripts scripts
	local   *ratelimit.Memory
	closed  atomic.Bool

	allowed, refused, unanswered atomic.Uint64
}

var _ ratelimit.Store = (*Store)(nil)

// Limit is what New was given.
func (s *Store) Limit() ratelimit.Limit { return s.limit }

// Take takes one token, as limiter.Store describes it. The reset is by the
// clock of this process.
func (s *Store) Take(ctx context.Context, key string) (tokens, remaining, reset uint64, ok bool, err error) {
	r, err := s.do(ctx, key, 1, "take")
	if err != nil {
		return 0, 0, 0, false, err
	}
	reset = uint64(time.Now().UnixNano()) + uint64(r.Next())
	return uint64(r.Limit.Burst), uint64(max(r.Remaining, 0)), reset, r.OK, nil
}

// TakeN takes n tokens or none.
func (s *Store) TakeN(ctx context.Context, key string, n float64) (ratelimit.Result, error) {
	return s.do(ctx, key, n, "take")
}

// Charge takes n tokens, owing what is not there.
func (s *Store) Charge(ctx context.Context, key string, n float64) (ratelimit.Result, error) {
	return s.do(ctx, key, n, "owe")
}

// Get tells the size of the bucket of key and the whole tokens in it.
func (s *Store) Get(ctx context.Context, key string) (tokens, remaining uint64, err error) {
	r, err := s.do(ctx, key, 0, "take")
	if err != nil {
		return 0, 0, err
	}
	return uint64(r.Limit.Burst), uint64(max(r.Remaining, 0)), nil
}

// Set gives the bucket of key a limit of its own, tokens in each interval, and
// fills it. The key does not expire. While Redis is down the limit is that of
// everybody, and Set is an error.
func (s *Store) Set(ctx context.Context, key string, tokens uint64, interval time.Duration) error {
	limit, err := ratelimit.LimitOf(tokens, interval)
	if err != nil {
		return err
	}
	_, err = s.run(ctx, s.scripts.set, key, limit.Burst*unit, flow(limit))
	return err
}

// Burst adds tokens to the bucket of key, beyond what it holds, for as long as
// an empty bucket takes to fill. While Redis is down it is an error.
func (s *Store) Burst(ctx context.Context, key string, tokens uint64) error {
	_, err := s.run(ctx, s.scripts.bucket, key, s.limit.Burst*unit, flow(s.limit), int64(min(tokens, ratelimit.MaxBurst))*unit, "burst")
	return err
}

// Close ends the store; afterwards every call is limiter.ErrStopped. The
// client is left as it is, and so are the buckets.
func (s *Store) Close(ctx context.Context) error {
	s.closed.Store(true)
	return s.local.Close(ctx)
}

// Stats counts what this instance did. Keys are those held for CountLocally:
// how many Redis has is for Redis to say. Shared is of those, too.
func (s *Store) Stats() ratelimit.Stats {
	st := s.local.Stats()
	st.Allowed += s.allowed.Load()
	st.Refused += s.refused.Load()
	return st
}

// Unanswered counts the calls that were decided without Redis.
func (s *Store) Unanswered() uint64 { return s.unanswered.Load() }

// unit is how many parts a token has here, as it is in ratelimit.
const unit = 1000

// flow is how many thousandths of a token flow in a microsecond.
func flow(l ratelimit.Limit) float64 { return l.Rate * unit / 1e6 }

// do takes n tokens as mode says, from Redis or from whoever stands in for it.
func (s *Store) do(ctx context.Context, key string, n float64, mode string) (ratelimit.Result, error) {
	if math.IsNaN(n) || n < 0 {
		return ratelimit.Result{}, errors.New("ratelimit/redis: the number of tokens is negative or not a number")
	}
	amount := min(math.Round(n*unit), 1e15)
	if n > 0 {
		amount = max(amount, 1)
	}
	reply, err := s.run(ctx, s.scripts.bucket, key, s.limit.Burst*unit, flow(s.limit), int64(amount), mode)
	if errors.Is(err, ErrDown) {
		return s.standIn(ctx, key, n, mode, err)
	}
	if err != nil {
		return ratelimit.Result{}, err
	}
	r, err := s.read(reply)
	switch {
	case err != nil || amount == 0:
	case r.OK:
		s.allowed.Add(1)
	default:
		s.refused.Add(1)
	}
	return r, err
}

// standIn decides without Redis.
func (s *Store) standIn(ctx context.Context, key string, n float64, mode string, err error) (ratelimit.Result, error) {
	s.unanswered.Add(1)
	switch {
	case s.when == FailClosed:
		return ratelimit.Result{}, err
	case s.when == FailOpen:
		return ratelimit.Result{OK: true, Limit: s.limit, Remaining: float64(s.limit.Burst)}, nil
	case mode == "owe":
		return s.local.Charge(ctx, key, n)
	}
	return s.local.TakeN(ctx, key, n)
}

// run runs a script on the bucket of key. An error is limiter.ErrStopped, that
// of ctx, or ErrDown.
func (s *Store) run(ctx context.Context, script *goredis.Script, key string, args ...any) (any, error) {
	switch {
	case s.closed.Load():
		return nil, limiter.ErrStopped
	case ctx.Err() != nil:
		return nil, fmt.Errorf("ratelimit/redis: %w", ctx.Err())
	case !s.circuit.asks():
		return nil, ErrDown
	}
	limited, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	reply, err := script.Run(limited, s.client, []string{s.redisKey(key)}, args...).Result()
	switch {
	case err == nil:
		s.circuit.answered()
		return reply, nil
	case ended(ctx) != nil: // the client went away, which says nothing of Redis
		return nil, fmt.Errorf("ratelimit/redis: %w", ended(ctx))
	}
	s.circuit.failed(err)
	return nil, fmt.Errorf("%w: %w", ErrDown, err)
}

// ended is the error of a context that is over. A connection sees its deadline
// pass a little before the context does.
func ended(ctx context.Context) error {
	if deadline, ok := ctx.Deadline(); ok && !time.Now().Before(deadline) {
		return context.DeadlineExceeded
	}
	return ctx.Err()
}

// A longer key is known by its hash: clients may choose what is in a key, and
// Redis keeps it. So is one that could be mistaken for a hash.
const (
	maxKey = 128
	hashed = "sha256:"
)

func (s *Store) redisKey(key string) string {
	if len(key) > maxKey || strings.HasPrefix(key, hashed) {
		sum := sha256.Sum256([]byte(key))
		key = hashed + hex.EncodeToString(sum[:])
	}
	return s.prefix + key
}

// read understands what the script answers.
func (s *Store) read(reply any) (ratelimit.Result, error) {
	list, _ := reply.([]any)
	var numbers [4]int64
	for i, v := range list[:min(len(list), len(numbers))] {
		numbers[i], _ = v.(int64)
	}
	if len(list) < 3 {
		return ratelimit.Result{}, fmt.Errorf("ratelimit/redis: the script answered %v", reply)
	}
	r := ratelimit.Result{OK: numbers[0] == 1, Limit: s.limit, Remaining: float64(numbers[1]) / unit, Wait: time.Duration(numbers[2]) * time.Microsecond}
	if len(list) >= 5 {
		text, _ := list[4].(string)
		perMicrosecond, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return ratelimit.Result{}, fmt.Errorf("ratelimit/redis: the script answered %v: %w", reply, err)
		}
		r.Limit = ratelimit.Limit{Burst: int(numbers[3] / unit), Rate: perMicrosecond * 1e6 / unit}
	}
	return r, nil
}
