package redis_test

import (
	"context"

	goredis "github.com/redis/go-redis/v9"
)

// countingScripter counts how often a script is run.
type countingScripter struct {
	goredis.Scripter
	calls int
}

func (c *countingScripter) EvalSha(ctx context.Context, sha string, keys []string, args ...any) *goredis.Cmd {
	c.calls++
	return c.Scripter.EvalSha(ctx, sha, keys, args...)
}
