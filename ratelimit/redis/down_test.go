package redis_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/ratelimit"
	"github.com/streamgate/streamgate/ratelimit/redis"
)

// TestRedisIsKilledAndComesBack is an outage as an operator has it.
func TestRedisIsKilledAndComesBack(t *testing.T) {
	tests := map[string]struct {
		when   redis.WhenDown
		answer []int // to six requests while Redis is down
	}{
		"and instances count by themselves": {redis.CountLocally, []int{200, 200, 200, 200, 200, 429}},
		"and nobody gets through":           {redis.FailClosed, []int{503, 503, 503, 503, 503, 503}},
		"and everybody gets through":        {redis.FailOpen, []int{200, 200, 200, 200, 200, 200}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			srv := startServer(t)
			var changes []bool
			o := patient(tt.when)
			o.OnChange = func(down bool, err error) {
				changes = append(changes, down)
				if down != (err != nil) {
					t.Errorf("down %v with %v", down, err)
				}
			}
			client := srv.client()
			ask := asking(t, newStore(t, client, "p:", slow, o))

			if diff := cmp.Diff([]int{200, 200, 200, 200, 200, 429}, ask(6)); diff != "" {
				t.Errorf("with Redis: %s", diff)
			}
			srv.kill()
			if diff := cmp.Diff(tt.answer, ask(6)); diff != "" {
				t.Errorf("without Redis: %s", diff)
			}
			srv.start() // with nothing in it
			for client.Ping(t.Context()).Err() != nil {
				continue // go-redis looks once a second whether it can connect again
			}
			if diff := cmp.Diff([]int{200, 200, 200, 200, 200, 429}, ask(6)); diff != "" {
				t.Errorf("with Redis again: %s", diff)
			}
			if diff := cmp.Diff([]bool{true, false}, changes); diff != "" {
				t.Errorf("OnChange was told: %s", diff)
			}
		})
	}
}

// TestRedisIsKilledInTheMiddle of many requests at once: none of them fails, and
// no more get through than three full buckets have: that of the first server,
// the local one, and that of a server that has forgotten everything.
func TestRedisIsKilledInTheMiddle(t *testing.T) {
	srv := startServer(t)
	client := srv.client()
	s := newStore(t, client, "p:", ratelimit.Limit{Burst: 100, Rate: 0.01}, patient(redis.CountLocally))
	var admitted, asked atomic.Int64
	var clients sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		clients.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				r, err := s.TakeN(t.Context(), "key", 1)
				if err != nil {
					t.Error(err)
					return
				}
				if asked.Add(1); r.OK {
					admitted.Add(1)
				}
			}
		})
	}
	more := func() { // so many requests
		for until := asked.Load() + 300; asked.Load() < until && !t.Failed(); {
			runtime.Gosched()
		}
	}
	more()
	srv.kill()
	more()
	srv.start()
	for client.Ping(t.Context()).Err() != nil {
		continue
	}
	more()
	close(stop)
	clients.Wait()
	if n := admitted.Load(); n < 200 || n > 300 {
		t.Errorf("%d got through", n)
	}
	if s.Unanswered() == 0 {
		t.Error("Redis was never missed")
	}
}

// asking returns what sends n requests through a Limiter over s.
func asking(t *testing.T, s ratelimit.Store) func(n int) []int {
	t.Helper()
	l, err := ratelimit.New(slow, ratelimit.ByClientIP, &ratelimit.Options{Store: s})
	if err != nil {
		t.Fatal(err)
	}
	h := l.Middleware(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	return func(n int) []int {
		codes := make([]int, n)
		for i := range codes {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
			codes[i] = w.Code
		}
		return codes
	}
}

// TestASilentRedisDelaysFewRequests stops the server with its connections open,
// which is what a machine that has lost its network looks like.
func TestASilentRedisDelaysFewRequests(t *testing.T) {
	srv := startServer(t)
	client := srv.client()
	asked := new(countingScripter)
	asked.Scripter = client
	s := newStore(t, asked, "p:", ratelimit.Limit{Burst: 1000, Rate: 0.01}, &redis.Options{Timeout: 20 * time.Millisecond, Pause: time.Hour})
	if r, err := s.TakeN(t.Context(), "key", 1); !r.OK || err != nil {
		t.Fatal(r, err)
	}
	asked.calls = 0
	srv.silence()
	defer srv.hear()
	for range 100 {
		if r, err := s.TakeN(t.Context(), "key", 1); !r.OK || err != nil {
			t.Fatal(r, err)
		}
	}
	if asked.calls != 3 {
		t.Errorf("%d of 100 requests waited for Redis, not 3", asked.calls)
	}
	if s.Unanswered() != 100 {
		t.Errorf("%d were decided without Redis", s.Unanswered())
	}
}

// TestAFewFailuresAreNoOutage: only those in a row count.
func TestAFewFailuresAreNoOutage(t *testing.T) {
	o := patient(redis.FailClosed)
	o.OnChange = func(down bool, err error) { t.Errorf("down %v: %v", down, err) }
	s := newStore(t, &brokenScripter{Scripter: startServer(t).client()}, "p:", slow, o)
	failed := 0
	for range 12 {
		if _, err := s.TakeN(t.Context(), "key", 0); errors.Is(err, redis.ErrDown) {
			failed++
		} else if err != nil {
			t.Error(err)
		}
	}
	if failed != 8 {
		t.Errorf("%d of 12 failed", failed)
	}
}

// TestAClientThatGoesAwaySaysNothingOfRedis: or clients could open the circuit.
func TestAClientThatGoesAwaySaysNothingOfRedis(t *testing.T) {
	srv := startServer(t)
	o := patient(redis.FailOpen)
	o.OnChange = func(down bool, err error) { t.Errorf("down %v: %v", down, err) }
	s := newStore(t, srv.client(), "p:", slow, o)
	wantTaken(t, s, 5)
	srv.silence()
	for range 5 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		if r, err := s.TakeN(ctx, "key", 1); r.OK || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%+v, %v", r, err)
		}
		cancel()
	}
	srv.hear()
	wantTaken(t, s, 0)
}

func TestWhatAnOperatorDoesFailsWhileRedisIsDown(t *testing.T) {
	srv := startServer(t)
	s := newStore(t, srv.client(), "p:", slow, patient(redis.CountLocally))
	srv.kill()
	for what, err := range map[string]error{
		"Set":   s.Set(t.Context(), "key", 1, time.Second),
		"Burst": s.Burst(t.Context(), "key", 1),
	} {
		if !errors.Is(err, redis.ErrDown) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if tokens, remaining, err := s.Get(t.Context(), "key"); tokens != 5 || remaining != 5 || err != nil {
		t.Errorf("Get counts locally: %d %d %v", tokens, remaining, err)
	}
	if r, err := s.Charge(t.Context(), "key", 6); !r.OK || r.Remaining != -1 || err != nil {
		t.Errorf("Charge counts locally: %+v %v", r, err)
	}
}
