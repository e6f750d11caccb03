package redis_test

import (
	"log/slog"

	goredis "github.com/redis/go-redis/v9"

	"github.com/streamgate/streamgate/ratelimit"
	"github.com/streamgate/streamgate/ratelimit/redis"
)

func Example() {
	client := goredis.NewClient(&goredis.Options{Addr: "redis.internal:6379", ContextTimeoutEnabled: true})
	defer client.Close()
	limit := ratelimit.Limit{Burst: 100, Rate: 10}
	store, err := redis.New(client, "limit:uploads:", limit, &redis.Options{
		WhenDown: redis.CountLocally,
		OnChange: func(down bool, err error) { slog.Warn("rate limits are counted together", "down", down, "error", err) },
	})
	if err != nil {
		slog.Error("no rate limits", "error", err)
		return
	}
	limiter, err := ratelimit.New(limit, ratelimit.ByClientIP, &ratelimit.Options{Store: store})
	if err != nil {
		slog.Error("no rate limits", "error", err)
		return
	}
	_ = limiter.Middleware
	// Output:
}
