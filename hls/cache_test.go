package hls

import (
	"fmt"
	"sync"
	"testing"
)

func TestTheCacheForgetsWhatWasUsedLongestAgo(t *testing.T) {
	c := newLRU(3 * (entryCost + 1 + 100))
	for _, key := range []string{"a", "b", "c"} {
		c.Set(key, key, 100)
	}
	c.Get("a")
	c.Set("d", "d", 100)
	for key, want := range map[string]bool{"a": true, "b": false, "c": true, "d": true} {
		if _, ok := c.Get(key); ok != want {
			t.Errorf("%s: %v", key, ok)
		}
	}
}

func TestTheCacheStaysWithinItsLimit(t *testing.T) {
	c := newLRU(10_000)
	for i := range 1000 {
		c.Set(fmt.Sprint(i%37), i, int64(i%3000))
		if c.used > c.limit || c.order.Len() != len(c.entries) {
			t.Fatalf("%d of %d bytes, %d entries in order of %d", c.used, c.limit, c.order.Len(), len(c.entries))
		}
	}
	c.Set("0", "too large", 10_000)
	if _, ok := c.Get("0"); ok {
		t.Error("a value larger than the cache is kept, or the one before it")
	}
}

func TestAReplacedEntryIsCountedOnce(t *testing.T) {
	c := newLRU(10_000)
	c.Set("a", 1, 100)
	c.Set("a", 2, 200)
	if v, _ := c.Get("a"); v != 2 || c.used != 200+1+entryCost {
		t.Errorf("%v, %d bytes", v, c.used)
	}
}

func TestTheCacheIsSafeForManyAtOnce(t *testing.T) {
	c := newLRU(5_000)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for j := range 1000 {
				key := fmt.Sprint((i + j) % 20)
				if v, ok := c.Get(key); ok && v != key {
					t.Errorf("%s is %v", key, v)
				}
				c.Set(key, key, 300)
			}
		})
	}
	all.Wait()
}
