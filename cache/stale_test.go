package cache_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/streamgate/streamgate/cache"
)

// TestNoReadIsStale has writers raise versions in a source and invalidate, each
// in one of the ways, while readers go through the cache: a version that was in
// the source before an invalidation returned is a lower bound for every read
// that begins after it. The cache is smaller than the keys, so that ristretto
// evicts and refuses meanwhile.
func TestNoReadIsStale(t *testing.T) {
	const keys = 64
	type versions = cache.Cache[uint64, int64]
	ways := map[string]func(c *versions, key uint64, version int64){
		"Delete":     func(c *versions, key uint64, _ int64) { c.Delete(key) },
		"DeleteMany": func(c *versions, key uint64, _ int64) { c.DeleteMany(key, key+1) },
		"DeleteFunc": func(c *versions, key uint64, _ int64) { c.DeleteFunc(func(k uint64) bool { return k == key }) },
		"DeleteTag":  func(c *versions, key uint64, _ int64) { c.DeleteTag(tagOf(key)) },
		"Clear":      func(c *versions, _ uint64, _ int64) { c.Clear() },
		"Set":        func(c *versions, key uint64, version int64) { c.Set(key, version) },
	}
	for name, invalidate := range ways {
		t.Run(name, func(t *testing.T) {
			rounds := 3000
			if name == "Clear" {
				rounds = 300
			}
			c := newCache(t, &cache.Options[uint64, int64]{MaxEntries: keys / 2})
			var source, valid [keys]atomic.Int64
			load := func(_ context.Context, key uint64) (cache.Item[uint64, int64], error) {
				return cache.Item[uint64, int64]{Value: source[key].Load(), Tags: []string{tagOf(key)}}, nil
			}
			var writers, readers sync.WaitGroup
			var over atomic.Bool
			for w := range 2 {
				writers.Go(func() {
					r := rand.New(rand.NewPCG(uint64(w), 1))
					for range rounds {
						key := r.Uint64N(keys/2)*2 + uint64(w) // one writer for each key
						version := source[key].Add(1)
						invalidate(c, key, version)
						valid[key].Store(version)
					}
				})
			}
			for g := range 4 {
				readers.Go(func() {
					r := rand.New(rand.NewPCG(uint64(g), 2))
					for !over.Load() {
						key := r.Uint64N(keys)
						atLeast := valid[key].Load()
						v, err := c.GetOrLoadItem(t.Context(), key, load)
						if err != nil || v < atLeast {
							t.Errorf("key %d: version %d (%v) after %d was invalidated", key, v, err, atLeast)
							return
						}
						atLeast = valid[key].Load()
						if v, ok := c.Get(key); ok && v < atLeast {
							t.Errorf("key %d: Get has version %d after %d was invalidated", key, v, atLeast)
							return
						}
					}
				})
			}
			writers.Wait()
			over.Store(true)
			readers.Wait()
		})
	}
}

func tagOf(key uint64) string { return string(rune('a' + key%8)) }
