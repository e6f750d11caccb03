package redis

import (
	"strings"
	"testing"
)

// CountBy makes s tell the time by a key in Redis, in microseconds, instead of
// by the server's clock.
func CountBy(t *testing.T, s *Store, key string) {
	t.Helper()
	const server = "redis.call('TIME')"
	if !strings.Contains(bucketScript, server) {
		t.Fatal("the script asks for the time in another way")
	}
	s.scripts = newScripts(strings.Replace(bucketScript, server, "{0, redis.call('GET', '"+key+"')}", 1))
}
