package cache_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/maypok86/otter/v2"
)

const (
	// mostBytes is what an entry may take of 10,000, in bytes.
	mostBytes = 260
	// keyBytes and valueBytes are what is in the cache for its users: a string of
	// 16 bytes behind a header of as many, and a pointer to a value that is there
	// anyway.
	keyBytes   = 16 + 16
	valueBytes = 8
)

// TestBytesOfAnEntry wants at most 260 bytes for each of 10,000 entries, beside
// its key and value, all told: the tables, the history of uses, ristretto's own
// buffers. In a small cache what does not grow with it weighs more.
func TestBytesOfAnEntry(t *testing.T) {
	for _, size := range []int{1000, 10_000, 100_000} {
		overhead := bytesOfAnEntry(t, size)
		t.Logf("%d entries, bytes beside key and value: cache %d, otter %d, ristretto %d", size, overhead["cache"], overhead["otter"], overhead["ristretto"])
		if size == 10_000 && overhead["cache"] > mostBytes {
			t.Errorf("an entry takes %d bytes beside its key and value", overhead["cache"])
		}
	}
}

func bytesOfAnEntry(t *testing.T, size int) map[string]int64 {
	value := new(int)
	fillers := map[string]func() (fill func(key string), keep any){
		"cache": func() (func(string), any) {
			c := ours[string, *int](t, size)
			t.Cleanup(func() { _ = c.Close() })
			return func(key string) { c.Set(key, value) }, c
		},
		"otter": func() (func(string), any) {
			c := otter.Must(&otter.Options[string, *int]{MaximumSize: size})
			return func(key string) { c.Set(key, value) }, c
		},
		"ristretto": func() (func(string), any) {
			c := documented[string, *int](t, size)
			t.Cleanup(c.Close)
			return func(key string) { c.Set(key, value, 1); c.Wait() }, c
		},
	}
	overhead := make(map[string]int64)
	for who, filler := range fillers {
		before := heap()
		fill, keep := filler()
		for i := range size {
			fill(fmt.Sprintf("key-%012d", i))
		}
		overhead[who] = (heap()-before)/int64(size) - keyBytes - valueBytes
		runtime.KeepAlive(keep)
	}
	return overhead
}

// heap is how much of it is in use, in bytes.
func heap() int64 {
	var m runtime.MemStats
	for range 3 {
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
