package redis_test

import (
	"context"
	"io"

	goredis "github.com/redis/go-redis/v9"
)

// brokenScripter fails every request but each third.
type brokenScripter struct {
	goredis.Scripter
	calls int
}

func (b *brokenScripter) EvalSha(ctx context.Context, sha string, keys []string, args ...any) *goredis.Cmd {
	if b.calls++; b.calls%3 == 0 {
		return b.Scripter.EvalSha(ctx, sha, keys, args...)
	}
	return goredis.NewCmdResult(nil, io.ErrUnexpectedEOF)
}

// countingScripter counts how often a script is run.
type countingScripter struct {
	goredis.Scripter
	calls int
}

func (c *countingScripter) EvalSha(ctx context.Context, sha string, keys []string, args ...any) *goredis.Cmd {
	c.calls++
	return c.Scripter.EvalSha(ctx, sha, keys, args...)
}
