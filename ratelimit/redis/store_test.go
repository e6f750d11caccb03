package redis_test

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	goredis "github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/streamgate/streamgate/ratelimit"
	"github.com/streamgate/streamgate/ratelimit/ratelimittest"
	"github.com/streamgate/streamgate/ratelimit/redis"
)

func TestMain(m *testing.M) {
	goredis.SetLogger(silent{}) // it tells of each connection that is refused
	slog.SetDefault(slog.New(slog.DiscardHandler))
	goleak.VerifyTestMain(m)
}

type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

var slow = ratelimit.Limit{Burst: 5, Rate: 1.0 / 60}

func TestRedisPassesTheSuite(t *testing.T) {
	client := startServer(t).client()
	var opened atomic.Int64
	ratelimittest.Run(t, func(t *testing.T, limit ratelimit.Limit) ratelimittest.Fixture {
		prefix := fmt.Sprintf("t%d:", opened.Add(1))
		s := newStore(t, client, prefix, limit, patient(redis.FailClosed))
		redis.CountBy(t, s, prefix+"clock")
		now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		tell := func() {
			if err := client.Set(t.Context(), prefix+"clock", now.UnixMicro(), 0).Err(); err != nil {
				t.Fatal(err)
			}
		}
		tell()
		return ratelimittest.Fixture{Store: s, Advance: func(d time.Duration) { now = now.Add(d); tell() }}
	})
}

func TestAClockThatIsSetBackLocksNobodyOut(t *testing.T) {
	client := startServer(t).client()
	s := newStore(t, client, "p:", slow, patient(redis.FailClosed))
	redis.CountBy(t, s, "clock")
	at := func(seconds int) {
		t.Helper()
		if err := client.Set(t.Context(), "clock", (1_800_000_000+seconds)*1_000_000, 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	at(0)
	wantTaken(t, s, 5)
	at(-3600)
	wantTaken(t, s, 0)
	at(-3600 + 60)
	wantTaken(t, s, 1)
}

// wantTaken takes single tokens until there are none.
func wantTaken(t *testing.T, s ratelimit.Store, want int) {
	t.Helper()
	for got := 0; ; got++ {
		r, err := s.TakeN(t.Context(), "key", 1)
		if err != nil {
			t.Fatal(err)
		}
		if !r.OK {
			if got != want {
				t.Errorf("%d tokens were there, not %d", got, want)
			}
			return
		}
	}
}

func TestKeysExpireWhenTheirBucketIsFull(t *testing.T) {
	client := startServer(t).client()
	s := newStore(t, client, "p:", slow, patient(redis.FailClosed))
	ctx := t.Context()
	for key, do := range map[string]func() error{
		"p:taken":   func() error { _, err := s.TakeN(ctx, "taken", 2); return err },
		"p:charged": func() error { _, err := s.Charge(ctx, "charged", 10); return err },
		"p:burst":   func() error { return s.Burst(ctx, "burst", 10) },
	} {
		if err := do(); err != nil {
			t.Fatal(err)
		}
		longest := map[string]time.Duration{"p:taken": 2 * time.Minute, "p:charged": 10 * time.Minute, "p:burst": 5 * time.Minute}[key]
		ttl, err := client.PTTL(ctx, key).Result()
		if err != nil || ttl < longest-time.Minute || ttl > longest+10*time.Millisecond {
			t.Errorf("%s expires in %v, not in %v (%v)", key, ttl, longest, err)
		}
	}
	if err := s.Set(ctx, "set", 1, time.Minute); err != nil {
		t.Fatal(err)
	}
	if _, err := s.TakeN(ctx, "set", 1); err != nil {
		t.Fatal(err)
	}
	if ttl := client.PTTL(ctx, "p:set").Val(); ttl != -1 {
		t.Errorf("a limit of its own expires in %v", ttl)
	}
	_, _ = s.TakeN(ctx, "looked", 0)
	_, _ = s.TakeN(ctx, "refused", 6)
	_, _ = s.TakeN(ctx, strings.Repeat("long", 1<<16), 1)
	keys := client.Keys(ctx, "*").Val()
	if len(keys) != 5 {
		t.Errorf("the keys are %.200q", keys)
	}
	for _, k := range keys {
		if len(k) > 140 {
			t.Errorf("a key of %d bytes is kept", len(k))
		}
	}
}

func TestALongKeyHasNoDouble(t *testing.T) {
	client := startServer(t).client()
	s := newStore(t, client, "p:", slow, patient(redis.FailClosed))
	_, _ = s.TakeN(t.Context(), strings.Repeat("victim", 50), 5)
	double := strings.TrimPrefix(client.Keys(t.Context(), "*").Val()[0], "p:")
	if r, err := s.TakeN(t.Context(), double, 5); !r.OK || err != nil {
		t.Errorf("%q shares the bucket of a longer key (%v)", double, err)
	}
}

func TestInstancesCountTogetherAndPrefixesApart(t *testing.T) {
	srv := startServer(t)
	a := newStore(t, srv.client(), "p:", slow, patient(redis.FailClosed))
	b := newStore(t, srv.client(), "p:", slow, patient(redis.FailClosed))
	other := newStore(t, srv.client(), "q:", slow, patient(redis.FailClosed))
	_, _ = a.TakeN(t.Context(), "key", 3)
	wantTaken(t, b, 2)
	wantTaken(t, a, 0)
	wantTaken(t, other, 5)
	_, _, _ = b.Get(t.Context(), "key") // looking is not counted
	want := []ratelimit.Stats{{Allowed: 1, Refused: 1}, {Allowed: 2, Refused: 1}}
	if diff := cmp.Diff(want, []ratelimit.Stats{a.Stats(), b.Stats()}); diff != "" {
		t.Error(diff)
	}
}

func TestAForgottenScriptIsSentAgain(t *testing.T) {
	client := startServer(t).client()
	s := newStore(t, client, "p:", slow, patient(redis.FailClosed))
	_, _ = s.TakeN(t.Context(), "key", 2)
	if err := client.ScriptFlush(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	wantTaken(t, s, 3)
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	client := goredis.NewClient(&goredis.Options{ContextTimeoutEnabled: true})
	deaf := goredis.NewClient(&goredis.Options{})
	t.Cleanup(func() { _, _ = client.Close(), deaf.Close() })
	tests := map[string]struct {
		client goredis.Scripter
		prefix string
		limit  ratelimit.Limit
		o      *redis.Options
		want   string
	}{
		"no client":                      {nil, "p:", slow, nil, "no client"},
		"a client deaf to its context":   {deaf, "p:", slow, nil, "ContextTimeoutEnabled"},
		"no prefix":                      {client, "", slow, nil, "prefix"},
		"no limit":                       {client, "p:", ratelimit.Limit{}, nil, "burst"},
		"a rate that is not a number":    {client, "p:", ratelimit.Limit{Burst: 1, Rate: math.NaN()}, nil, "not a number"},
		"a timeout in the past":          {client, "p:", slow, &redis.Options{Timeout: -1}, "negative"},
		"a pause in the past":            {client, "p:", slow, &redis.Options{Pause: -1}, "negative"},
		"a policy that nobody has named": {client, "p:", slow, &redis.Options{WhenDown: 7}, "WhenDown 7"},
		"less than no local keys":        {client, "p:", slow, &redis.Options{LocalKeys: -1}, "MaxKeys"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s, err := redis.New(tt.client, tt.prefix, tt.limit, tt.o)
			if s != nil || err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("New = %v, %v", s, err)
			}
		})
	}
}

func BenchmarkTakeN(b *testing.B) {
	s := newStore(b, startServer(b).client(), "p:", ratelimit.Limit{Burst: ratelimit.MaxBurst, Rate: 1}, patient(redis.FailClosed))
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		if r, err := s.TakeN(ctx, "192.0.2.1", 1); !r.OK || err != nil {
			b.Fatal(r, err)
		}
	}
}
