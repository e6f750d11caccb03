package cache_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/streamgate/streamgate/cache"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newCache[K comparable, V any](t testing.TB, o *cache.Options[K, V]) *cache.Cache[K, V] {
	t.Helper()
	c, err := cache.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	tests := map[string]cache.Options[string, int]{
		"negative entries":                         {MaxEntries: -1},
		"negative cost":                            {MaxCost: -1},
		"negative expectation":                     {Expected: -1},
		"a memory for its history that nobody has": {MaxEntries: 1<<28 + 1},
		"a cost that would overflow":               {MaxCost: 1<<60 + 1},
		"negative TTL":                             {TTL: -1},
		"negative negative TTL":                    {NegativeTTL: -1},
		"two bounds":                               {MaxEntries: 10, MaxCost: 10},
		"a cost that bounds nothing":               {Cost: func(string, int) int64 { return 1 }},
		"room for one entry":                       {MaxEntries: 1},
		"room for a cost of one":                   {MaxCost: 1},
	}
	for name, o := range tests {
		t.Run(name, func(t *testing.T) {
			if c, err := cache.New(&o); err == nil {
				_ = c.Close()
				t.Error("was taken")
			}
		})
	}
}

func TestSetIsReadByTheNextGet(t *testing.T) {
	for _, size := range []int{2, 3, 10, 100, 1000} {
		t.Run(fmt.Sprintf("%d entries", size), func(t *testing.T) {
			c := newCache(t, &cache.Options[int, int]{MaxEntries: size})
			for i := range 20 * size {
				key := i * 7919 % (3 * size)
				c.Set(key, i)
				if v, ok := c.Get(key); !ok || v != i {
					t.Fatalf("Get(%d) = %d, %v after Set of %d", key, v, ok, i)
				}
				if n := c.Stats().Entries; n > size {
					t.Fatalf("%d entries", n)
				}
			}
		})
	}
}

func TestSetIsReadByTheNextGetOfEachGoroutine(t *testing.T) {
	c := newCache(t, &cache.Options[int, int]{MaxEntries: 8 * 500})
	var all sync.WaitGroup
	for g := range 8 {
		all.Go(func() {
			for i := range 5000 {
				key := g<<20 | i%500
				c.Set(key, i)
				if v, ok := c.Get(key); !ok || v != i {
					t.Errorf("goroutine %d: Get(%d) = %d, %v after Set of %d", g, key, v, ok, i)
					return
				}
			}
		})
	}
	all.Wait()
}

// TestOthersInBetween has fewer others set between a Set and its Get than the
// window holds: nothing that ristretto decides may be seen in between.
func TestOthersInBetween(t *testing.T) {
	for _, size := range []int{32, 100, 1000} {
		t.Run(fmt.Sprintf("%d entries", size), func(t *testing.T) {
			c := newCache(t, &cache.Options[int, int]{MaxEntries: size})
			for i := range 20 * size {
				c.Set(i, i)
				if first := max(i-15, 0); i%16 == 15 {
					for key := first; key <= i; key++ {
						if v, ok := c.Get(key); !ok || v != key {
							t.Fatalf("Get(%d) = %d, %v after %d others", key, v, ok, i-key)
						}
					}
				}
			}
		})
	}
}

func TestWarmedToCapacityItHasEverything(t *testing.T) {
	for _, size := range []int{2, 10, 100, 1000, 10_000} {
		t.Run(fmt.Sprintf("%d entries", size), func(t *testing.T) {
			c := newCache(t, &cache.Options[int, int]{MaxEntries: size})
			for i := range size {
				c.Set(i, i)
			}
			for i := range size {
				if v, ok := c.Get(i); !ok || v != i {
					t.Fatalf("Get(%d) = %d, %v", i, v, ok)
				}
			}
			want := cache.Stats{Hits: uint64(size), Entries: size, Cost: int64(size), MaxCost: int64(size)}
			if diff := cmp.Diff(want, c.Stats()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestExpiry(t *testing.T) {
	type at struct {
		after time.Duration
		there bool
	}
	tests := map[string]struct {
		ttl, item time.Duration
		want      []at
	}{
		"without a TTL it stays":                  {0, 0, []at{{time.Hour, true}}},
		"the TTL of the cache counts":             {time.Minute, 0, []at{{time.Minute - 1, true}, {time.Minute, false}}},
		"the TTL of the item counts before it":    {time.Minute, time.Second, []at{{time.Second - 1, true}, {time.Second, false}}},
		"it may be longer":                        {time.Second, time.Minute, []at{{time.Minute - 1, true}, {time.Minute, false}}},
		"forever is longer than any":              {time.Second, cache.Forever, []at{{24 * time.Hour, true}}},
		"a TTL beyond the end of time is forever": {0, 1<<63 - 1, []at{{24 * time.Hour, true}}},
	}
	for name, tt := range tests {
		for _, want := range tt.want {
			t.Run(fmt.Sprintf("%s after %v", name, want.after), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					c := newCache(t, &cache.Options[string, int]{TTL: tt.ttl})
					time.Sleep(time.Second) // the cache is no newer than the item
					c.SetItem(cache.Item[string, int]{Key: "a", Value: 1, TTL: tt.item})
					time.Sleep(want.after)
					if _, ok := c.Get("a"); ok != want.there {
						t.Errorf("there: %v", ok)
					}
				})
			})
		}
	}
}

func TestWhatExpiredLeavesWithoutBeingAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCache(t, &cache.Options[int, int]{MaxEntries: 1000, TTL: time.Minute})
		for i := range 500 {
			c.Set(i, i)
		}
		time.Sleep(time.Minute)
		for range 1000 {
			c.Set(-1, 0)
		}
		if s := c.Stats(); s.Entries != 1 || s.Expirations != 500 {
			t.Errorf("%d entries, %d expired", s.Entries, s.Expirations)
		}
	})
}

func TestCostBoundsTheWhole(t *testing.T) {
	c := newCache(t, &cache.Options[int, string]{
		MaxCost: 10_000, Expected: 100, Cost: func(_ int, v string) int64 { return int64(len(v)) },
	})
	text := string(make([]byte, 20_000))
	for i := range 5000 {
		size := 1 + i*37%150
		c.Set(i, text[:size])
		if v, ok := c.Get(i); !ok || len(v) != size {
			t.Fatalf("Get(%d) = %d bytes, %v", i, len(v), ok)
		}
		if s := c.Stats(); s.Cost > s.MaxCost {
			t.Fatalf("the cost is %d of %d", s.Cost, s.MaxCost)
		}
	}
	c.Set(0, text)
	if _, ok := c.Get(0); ok {
		t.Error("an item that alone costs more than all may is kept")
	}
	c.SetItem(cache.Item[int, string]{Key: 1, Value: text, Cost: 5000})
	if _, ok := c.Get(1); !ok {
		t.Error("a large item is not there after it was set")
	}
}

func TestAnItemThatIsTooLargeDoesNotLeaveTheOldOne(t *testing.T) {
	c := newCache(t, &cache.Options[string, int]{MaxCost: 100})
	c.Set("a", 1)
	c.SetItem(cache.Item[string, int]{Key: "a", Value: 2, Cost: 101})
	if v, ok := c.Get("a"); ok {
		t.Errorf("Get = %d", v)
	}
	if s := c.Stats(); s.Rejections != 1 || s.Entries != 0 || s.Cost != 0 {
		t.Errorf("%+v", s)
	}
}

func TestDeletions(t *testing.T) {
	items := []cache.Item[string, int]{
		{Key: "a/1", Value: 1, Tags: []string{"odd", "small"}},
		{Key: "a/2", Value: 2, Tags: []string{"small"}},
		{Key: "b/3", Value: 3, Tags: []string{"odd"}},
		{Key: "b/4", Value: 4},
	}
	type strings = cache.Cache[string, int]
	tests := map[string]struct {
		delete func(*strings) int
		n      int
		left   map[string]int
	}{
		"one": {
			func(c *strings) int { return c.DeleteMany("a/1") }, 1,
			map[string]int{"a/2": 2, "b/3": 3, "b/4": 4},
		},
		"several, of which one is not there": {
			func(c *strings) int { return c.DeleteMany("a/1", "x", "b/4") }, 2,
			map[string]int{"a/2": 2, "b/3": 3},
		},
		"by prefix":              {func(c *strings) int { return cache.DeletePrefix(c, "a/") }, 2, map[string]int{"b/3": 3, "b/4": 4}},
		"by a prefix of nothing": {func(c *strings) int { return cache.DeletePrefix(c, "c") }, 0, map[string]int{"a/1": 1, "a/2": 2, "b/3": 3, "b/4": 4}},
		"by tag":                 {func(c *strings) int { return c.DeleteTag("odd") }, 2, map[string]int{"a/2": 2, "b/4": 4}},
		"by another tag":         {func(c *strings) int { return c.DeleteTag("small") }, 2, map[string]int{"b/3": 3, "b/4": 4}},
		"by a tag of nothing":    {func(c *strings) int { return c.DeleteTag("x") }, 0, map[string]int{"a/1": 1, "a/2": 2, "b/3": 3, "b/4": 4}},
		"a tag that an item has no more": {
			func(c *strings) int { c.Set("a/2", 5); return c.DeleteTag("small") }, 1,
			map[string]int{"a/2": 5, "b/3": 3, "b/4": 4},
		},
		"all": {func(c *strings) int { c.Clear(); return 4 }, 4, map[string]int{}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := newCache[string, int](t, nil)
			c.SetMany(items...)
			if n := tt.delete(c); n != tt.n {
				t.Errorf("%d were there, want %d", n, tt.n)
			}
			if diff := cmp.Diff(tt.left, c.GetMany("a/1", "a/2", "b/3", "b/4", "x")); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if s := c.Stats(); s.Entries != len(tt.left) || s.Cost != int64(len(tt.left)) {
				t.Errorf("%d entries of cost %d", s.Entries, s.Cost)
			}
		})
	}
}

func TestTagsAreThoseOfTheMomentOfTheSet(t *testing.T) {
	c := newCache[string, int](t, nil)
	tags := []string{"a", "a"}
	c.SetItem(cache.Item[string, int]{Key: "x", Tags: tags})
	tags[0], tags[1] = "b", "b"
	if b, a := c.DeleteTag("b"), c.DeleteTag("a"); a != 1 || b != 0 {
		t.Errorf("%d and %d were deleted", a, b)
	}
}

func TestAKeyThatIsNotItselfIsNotKept(t *testing.T) {
	c := newCache[float64, int](t, nil)
	nan := 0.0
	nan /= nan
	for range 100 {
		c.Set(nan, 1)
	}
	if s := c.Stats(); s.Entries != 0 {
		t.Errorf("%d entries", s.Entries)
	}
}

func TestKeysOfManyTypes(t *testing.T) {
	type pair struct {
		name string
		n    int
	}
	ints, structs, arrays := newCache[int32, int](t, nil), newCache[pair, int](t, nil), newCache[[3]byte, int](t, nil)
	for i := range 1000 {
		ints.Set(int32(i), i)
		structs.Set(pair{fmt.Sprint(i % 10), i}, i)
		arrays.Set([3]byte{byte(i), byte(i >> 8)}, i)
	}
	for i := range 1000 {
		a, _ := ints.Get(int32(i))
		b, _ := structs.Get(pair{fmt.Sprint(i % 10), i})
		d, _ := arrays.Get([3]byte{byte(i), byte(i >> 8)})
		if a != i || b != i || d != i {
			t.Fatalf("%d, %d, %d instead of %d", a, b, d, i)
		}
	}
}

func TestAClosedCacheIsEmptyAndKeepsNothing(t *testing.T) {
	c := newCache[string, int](t, nil)
	c.Set("a", 1)
	for range 2 {
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	c.Set("b", 1)
	c.Clear()
	c.Delete("a")
	c.DeleteTag("t")
	if got := c.GetMany("a", "b"); len(got) > 0 {
		t.Errorf("it has %v", got)
	}
	v, err := c.GetOrLoad(t.Context(), "a", func(context.Context, string) (int, error) { return 2, nil })
	if v != 2 || err != nil {
		t.Errorf("GetOrLoad = %d, %v", v, err)
	}
}

func TestCloseBesideEverything(t *testing.T) {
	for range 20 {
		c := newCache(t, &cache.Options[int, int]{MaxEntries: 100})
		var all sync.WaitGroup
		for g := range 4 {
			all.Go(func() {
				for i := range 2000 {
					switch key := i * (g + 1) % 300; i % 5 {
					case 0:
						c.Set(key, i)
					case 1:
						c.Delete(key)
					case 2:
						if i%100 == 2 {
							c.Clear()
						}
						c.Stats()
					default:
						c.Get(key)
					}
				}
			})
		}
		all.Go(func() { _ = c.Close() })
		all.Wait()
	}
}
