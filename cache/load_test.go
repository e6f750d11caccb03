package cache_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/cache"
)

var errSource = errors.New("the source is away")

// after returns a Loader that takes a second.
func after(loads *atomic.Int64, value int, err error) cache.Loader[string, int] {
	return func(ctx context.Context, _ string) (int, error) {
		loads.Add(1)
		select {
		case <-time.After(time.Second):
			return value, err
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

func TestAThousandMissesAreOneLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCache[string, int](t, nil)
		var loads atomic.Int64
		var all sync.WaitGroup
		for range 1000 {
			all.Go(func() {
				if v, err := c.GetOrLoad(t.Context(), "a", after(&loads, 7, nil)); v != 7 || err != nil {
					t.Errorf("GetOrLoad = %d, %v", v, err)
				}
			})
		}
		all.Wait()
		want := cache.Stats{Misses: 1000, Loads: 1, Entries: 1, Cost: 1, MaxCost: 10_000}
		if diff := cmp.Diff(want, c.Stats()); diff != "" || loads.Load() != 1 {
			t.Errorf("%d loads, -want +got:\n%s", loads.Load(), diff)
		}
	})
}

func TestAThousandMissesThatAreNotAtOnceAreOneLoad(t *testing.T) {
	c := newCache[int, int](t, nil)
	for key := range 200 {
		var loads atomic.Int64
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				_, _ = c.GetOrLoad(t.Context(), key, func(context.Context, int) (int, error) {
					loads.Add(1)
					return 1, nil
				})
			})
		}
		all.Wait()
		if n := loads.Load(); n != 1 {
			t.Fatalf("%d loads", n)
		}
	}
}

func TestWhoLeavesLeavesTheLoadToTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCache[string, int](t, nil)
		var loads atomic.Int64
		first, leave := context.WithCancel(t.Context())
		go func() { // who began the load leaves
			if _, err := c.GetOrLoad(first, "a", after(&loads, 7, nil)); !errors.Is(err, context.Canceled) {
				t.Errorf("the one who left got %v", err)
			}
		}()
		synctest.Wait()
		go func() {
			time.Sleep(time.Millisecond)
			leave()
		}()
		if v, err := c.GetOrLoad(t.Context(), "a", after(&loads, 8, nil)); v != 7 || err != nil {
			t.Errorf("GetOrLoad = %d, %v", v, err)
		}
	})
}

func TestTheLastWhoLeavesEndsTheLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCache[string, int](t, nil)
		ended := make(chan error, 1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		_, err := c.GetOrLoad(ctx, "a", func(ctx context.Context, _ string) (int, error) {
			<-ctx.Done()
			ended <- ctx.Err()
			return 1, nil
		})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("GetOrLoad: %v", err)
		}
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("the load's context: %v", err)
		}
		synctest.Wait()
		if _, ok := c.Get("a"); ok {
			t.Error("what nobody waited for is kept")
		}
	})
}

func TestWhoHasLeftAlreadyLoadsNothing(t *testing.T) {
	c := newCache[string, int](t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var loads atomic.Int64
	if _, err := c.GetOrLoad(ctx, "a", after(&loads, 1, nil)); !errors.Is(err, context.Canceled) || loads.Load() > 0 {
		t.Errorf("%v, after %d loads", err, loads.Load())
	}
}

func TestALoadHasTheValuesOfWhoAskedFirst(t *testing.T) {
	type name struct{}
	c := newCache[string, string](t, nil)
	ctx := context.WithValue(t.Context(), name{}, "ada")
	v, err := c.GetOrLoad(ctx, "a", func(ctx context.Context, key string) (string, error) {
		return key + " for " + ctx.Value(name{}).(string), nil
	})
	if v != "a for ada" || err != nil {
		t.Errorf("GetOrLoad = %q, %v", v, err)
	}
}

func TestHowALoadFails(t *testing.T) {
	tests := map[string]struct {
		load func() (int, error)
		is   func(error) bool
	}{
		"by an error": {
			func() (int, error) { return 0, errSource },
			func(err error) bool { return err == errSource }, //nolint:errorlint // it is to be the very same
		},
		"by a panic": {
			func() (int, error) { panic("boom") },
			func(err error) bool {
				p, ok := errors.AsType[*cache.PanicError](err)
				return ok && p.Value == "boom" && len(p.Stack) > 0
			},
		},
		"by the end of its goroutine": {
			func() (int, error) { runtime.Goexit(); return 0, nil },
			func(err error) bool { return err != nil },
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCache[string, int](t, nil)
				load := func(context.Context, string) (int, error) {
					time.Sleep(time.Second)
					return tt.load()
				}
				var all sync.WaitGroup
				for range 10 {
					all.Go(func() {
						if _, err := c.GetOrLoad(t.Context(), "a", load); !tt.is(err) {
							t.Errorf("somebody got %v", err)
						}
					})
				}
				all.Wait()
				if s := c.Stats(); s.Loads != 1 || s.LoadErrors != 1 || s.Entries != 0 {
					t.Errorf("%+v", s)
				}
				if v, err := c.GetOrLoad(t.Context(), "a", func(context.Context, string) (int, error) { return 1, nil }); v != 1 || err != nil {
					t.Errorf("the next load: %d, %v", v, err)
				}
			})
		})
	}
}

func TestFailuresAreRemembered(t *testing.T) {
	errOther := errors.New("another")
	tests := map[string]struct {
		o     cache.Options[string, int]
		err   error
		after time.Duration
		loads int64
	}{
		"not by default":           {cache.Options[string, int]{}, errSource, 0, 2},
		"for the negative TTL":     {cache.Options[string, int]{NegativeTTL: time.Second}, errSource, time.Second - 1, 1},
		"and not longer":           {cache.Options[string, int]{NegativeTTL: time.Second}, errSource, time.Second, 2},
		"for no longer with a TTL": {cache.Options[string, int]{NegativeTTL: time.Second, TTL: time.Hour}, errSource, time.Second, 2},
		"not that a context ended": {cache.Options[string, int]{NegativeTTL: time.Second}, context.Canceled, 0, 2},
		"not those not asked for": {
			cache.Options[string, int]{NegativeTTL: time.Second, Negative: func(err error) bool { return errors.Is(err, errOther) }},
			errSource, 0, 2,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCache(t, &tt.o)
				var loads atomic.Int64
				load := func(context.Context, string) (int, error) { loads.Add(1); return 0, tt.err }
				_, first := c.GetOrLoad(t.Context(), "a", load)
				time.Sleep(tt.after)
				if v, ok := c.Get("a"); ok {
					t.Errorf("Get = %d", v)
				}
				_, second := c.GetOrLoad(t.Context(), "a", load)
				if !errors.Is(first, tt.err) || !errors.Is(second, tt.err) || loads.Load() != tt.loads {
					t.Errorf("%v, then %v, by %d loads", first, second, loads.Load())
				}
			})
		})
	}
}

func TestASetEndsARememberedFailure(t *testing.T) {
	c := newCache(t, &cache.Options[string, int]{NegativeTTL: time.Hour})
	_, _ = c.GetOrLoad(t.Context(), "a", func(context.Context, string) (int, error) { return 0, errSource })
	c.Set("a", 1)
	if v, ok := c.Get("a"); v != 1 || !ok {
		t.Errorf("Get = %d, %v", v, ok)
	}
}

// TestALoadDoesNotUndoWhatCameAfterIt invalidates while a load runs: who asked
// before gets what was loaded, who asks after that gets another load, and the
// first is not kept.
func TestALoadDoesNotUndoWhatCameAfterIt(t *testing.T) {
	type ints = cache.Cache[string, int]
	tests := map[string]struct {
		invalidate func(*ints)
		later      int // what one gets who asks after that
	}{
		"a deletion":                   {func(c *ints) { c.Delete("a/1") }, 2},
		"a deletion of several":        {func(c *ints) { c.DeleteMany("x", "a/1") }, 2},
		"a deletion by prefix":         {func(c *ints) { cache.DeletePrefix(c, "a/") }, 2},
		"a deletion by tag":            {func(c *ints) { c.DeleteTag("t") }, 2},
		"a deletion of all":            {func(c *ints) { c.Clear() }, 2},
		"a value that was set":         {func(c *ints) { c.Set("a/1", 3) }, 3},
		"a deletion of another key":    {func(c *ints) { c.Delete("b") }, 1},
		"a deletion by another prefix": {func(c *ints) { cache.DeletePrefix(c, "b") }, 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCache[string, int](t, nil)
				var loads atomic.Int64
				load := func(context.Context, string) (cache.Item[string, int], error) {
					v := int(loads.Add(1))
					time.Sleep(time.Second)
					return cache.Item[string, int]{Value: v, Tags: []string{"t"}}, nil
				}
				var all sync.WaitGroup
				all.Go(func() {
					if v, err := c.GetOrLoadItem(t.Context(), "a/1", load); v != 1 || err != nil {
						t.Errorf("who asked before got %d, %v", v, err)
					}
				})
				synctest.Wait()
				tt.invalidate(c)
				all.Go(func() {
					if v, err := c.GetOrLoadItem(t.Context(), "a/1", load); v != tt.later || err != nil {
						t.Errorf("who asked after got %d, %v", v, err)
					}
				})
				all.Wait()
				if v, ok := c.Get("a/1"); v != tt.later || !ok {
					t.Errorf("what is kept is %d, %v", v, ok)
				}
			})
		})
	}
}

func TestWhatALoaderSaysOfItsItemCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCache(t, &cache.Options[string, int]{MaxCost: 1000, TTL: time.Hour})
		_, err := c.GetOrLoadItem(t.Context(), "a", func(context.Context, string) (cache.Item[string, int], error) {
			return cache.Item[string, int]{Key: "not a", Value: 1, TTL: time.Second, Cost: 40, Tags: []string{"t"}}, nil
		})
		if s := c.Stats(); s.Cost != 40 || err != nil {
			t.Errorf("it costs %d, %v", s.Cost, err)
		}
		if _, ok := c.Get("a"); !ok {
			t.Error("it has another key")
		}
		time.Sleep(time.Second)
		if _, ok := c.Get("a"); ok {
			t.Error("it lives longer")
		}
	})
}

func TestACostThatPanicsIsAFailedLoad(t *testing.T) {
	c := newCache(t, &cache.Options[string, int]{MaxCost: 10, Cost: func(string, int) int64 { panic("no") }})
	_, err := c.GetOrLoad(t.Context(), "a", func(context.Context, string) (int, error) { return 1, nil })
	if _, ok := errors.AsType[*cache.PanicError](err); !ok {
		t.Errorf("GetOrLoad: %v", err)
	}
}

func TestWarm(t *testing.T) {
	keys := func(yield func(int) bool) {
		for i := 0; yield(i); i++ {
		}
	}
	double := func(_ context.Context, key int) (int, error) { return 2 * key, nil }
	t.Run("fills the cache and stops", func(t *testing.T) {
		c := newCache(t, &cache.Options[int, int]{MaxEntries: 1000})
		c.Set(5, 10)
		if n, err := c.Warm(t.Context(), keys, double); n != 999 || err != nil {
			t.Errorf("Warm = %d, %v", n, err)
		}
		for i := range 1000 {
			if v, ok := c.Get(i); v != 2*i || !ok {
				t.Fatalf("Get(%d) = %d, %v", i, v, ok)
			}
		}
		if s := c.Stats(); s.Evictions != 0 || s.Rejections != 0 {
			t.Errorf("%+v", s)
		}
	})
	t.Run("ends with the first failure", func(t *testing.T) {
		c := newCache[int, int](t, nil)
		n, err := c.Warm(t.Context(), keys, func(_ context.Context, key int) (int, error) {
			if key == 3 {
				return 0, errSource
			}
			return key, nil
		})
		if n != 3 || !errors.Is(err, errSource) {
			t.Errorf("Warm = %d, %v", n, err)
		}
	})
	t.Run("ends with its context", func(t *testing.T) {
		c := newCache[int, int](t, nil)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if n, err := c.Warm(ctx, keys, double); n != 0 || !errors.Is(err, context.Canceled) {
			t.Errorf("Warm = %d, %v", n, err)
		}
	})
}
