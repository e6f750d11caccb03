package cache_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"time"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/cache"
)

func ExampleNew() {
	c, err := cache.New(&cache.Options[string, string]{MaxEntries: 1000, TTL: 30 * time.Minute})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close() //nolint:errcheck // never fails
	c.Set("film", "a title")
	fmt.Println(c.Get("film"))
	fmt.Println(c.Delete("film"))
	_, ok := c.Get("film")
	fmt.Println(ok)
	// Output:
	// a title true
	// true
	// false
}

// mustNew is New for examples.
func mustNew[K comparable, V any](o *cache.Options[K, V]) *cache.Cache[K, V] {
	c, err := cache.New(o)
	if err != nil {
		panic(err)
	}
	return c
}

func ExampleCache_GetOrLoad() {
	c := mustNew[string, string](nil)
	defer c.Close() //nolint:errcheck // never fails
	load := func(_ context.Context, id string) (string, error) {
		fmt.Println("loading", id)
		return "title of " + id, nil
	}
	for range 2 {
		fmt.Println(c.GetOrLoad(context.Background(), "film", load))
	}
	// Output:
	// loading film
	// title of film <nil>
	// title of film <nil>
}

func ExampleCache_GetOrLoad_failure() {
	errNotFound := errors.New("not found")
	c := mustNew(&cache.Options[string, string]{
		NegativeTTL: time.Minute,
		Negative:    func(err error) bool { return errors.Is(err, errNotFound) },
	})
	defer c.Close() //nolint:errcheck // never fails
	load := func(context.Context, string) (string, error) {
		fmt.Println("loading")
		return "", errNotFound
	}
	for range 2 {
		_, err := c.GetOrLoad(context.Background(), "film", load)
		fmt.Println(err)
	}
	// Output:
	// loading
	// not found
	// not found
}

func ExampleCache_GetOrLoadItem() {
	c := mustNew[string, string](nil)
	defer c.Close() //nolint:errcheck // never fails
	load := func(context.Context, string) (cache.Item[string, string], error) {
		return cache.Item[string, string]{Value: "a title", TTL: time.Minute, Tags: []string{"owner/ada"}}, nil
	}
	fmt.Println(c.GetOrLoadItem(context.Background(), "film", load))
	fmt.Println(c.DeleteTag("owner/ada"))
	// Output:
	// a title <nil>
	// 1
}

func ExampleCache_SetMany() {
	c := mustNew[string, int](nil)
	defer c.Close() //nolint:errcheck // never fails
	c.SetMany(
		cache.Item[string, int]{Key: "a", Value: 1, TTL: time.Hour},
		cache.Item[string, int]{Key: "b", Value: 2, Tags: []string{"even"}},
		cache.Item[string, int]{Key: "c", Value: 3, TTL: cache.Forever},
	)
	fmt.Println(c.GetMany("a", "b", "c", "d"))
	fmt.Println(c.DeleteMany("a", "d"))
	fmt.Println(c.DeleteFunc(func(key string) bool { return key > "b" }))
	fmt.Println(c.Stats().Entries)
	c.Clear()
	fmt.Println(c.Stats().Entries)
	// Output:
	// map[a:1 b:2 c:3]
	// 1
	// 1
	// 1
	// 0
}

func ExampleCache_SetItem() {
	c := mustNew(&cache.Options[string, []byte]{MaxCost: 1 << 20})
	defer c.Close() //nolint:errcheck // never fails
	body := []byte("#EXTM3U")
	c.SetItem(cache.Item[string, []byte]{Key: "master.m3u8", Value: body, Cost: int64(len(body)), TTL: time.Second})
	fmt.Println(c.Stats().Cost)
	// Output: 7
}

func ExampleDeletePrefix() {
	c := mustNew[string, int](nil)
	defer c.Close() //nolint:errcheck // never fails
	c.Set("film/1", 1)
	c.Set("film/2", 2)
	c.Set("song/1", 3)
	fmt.Println(cache.DeletePrefix(c, "film/"))
	// Output: 2
}

func ExampleCache_Warm() {
	c := mustNew(&cache.Options[string, int]{MaxEntries: 2})
	defer c.Close() //nolint:errcheck // never fails
	mostWatched := slices.Values([]string{"a", "bb", "ccc"})
	n, err := c.Warm(context.Background(), mostWatched, func(_ context.Context, key string) (int, error) {
		return len(key), nil
	})
	fmt.Println(n, err, c.GetMany("a", "bb", "ccc"))
	// Output: 2 <nil> map[a:1 bb:2]
}

func ExampleCache_Stats() {
	c := mustNew[string, int](nil)
	defer c.Close() //nolint:errcheck // never fails
	c.Set("a", 1)
	c.Get("a")
	c.Get("b")
	s := c.Stats()
	fmt.Println(s.Hits, s.Misses, s.HitRatio(), s.Entries)
	// Output: 1 1 0.5 1
}

// A package that wants a cache of something takes it by an interface of its own,
// as hls does. Sized has its methods.
func ExampleSized() {
	type presentations interface {
		Get(key string) (value any, ok bool)
		Set(key string, value any, cost int64)
	}
	c := mustNew(&cache.Options[string, any]{MaxCost: 32 << 20})
	defer c.Close() //nolint:errcheck // never fails
	var p presentations = cache.Sized[any]{Cache: c}
	p.Set("film", "prepared", 1000)
	fmt.Println(p.Get("film"))
	fmt.Println(c.Stats().Cost)
	// Output:
	// prepared true
	// 1260
}

func ExampleNewHandler() {
	c := mustNew(&cache.Options[string, cache.Value]{MaxCost: 64 << 20, Cost: cache.ValueCost})
	defer c.Close() //nolint:errcheck // never fails
	h, err := cache.NewHandler(c, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	operator := func(*http.Request) (auth.Principal, error) { return auth.Principal{ID: "root", Admin: true}, nil }
	admin := auth.Middleware(operator)(http.StripPrefix("/v1/cache", h))

	put := httptest.NewRequest(http.MethodPut, "/v1/cache/greeting?ttl=1h", strings.NewReader("hello"))
	put.Header.Set("Content-Type", "text/plain")
	admin.ServeHTTP(httptest.NewRecorder(), put)

	w := httptest.NewRecorder()
	admin.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/v1/cache/greeting", nil))
	fmt.Println(w.Code, w.Header().Get("StreamGate-Cache"), w.Body)
	// Output: 200 hit hello
}
