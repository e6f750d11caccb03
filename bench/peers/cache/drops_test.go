package cache_test

import "testing"

// TestWarmedToCapacity sets as many keys as fit, in one go, and counts those
// that are not there: none here. ristretto by itself drops what its buffer has
// no room for, and shows what it took some time later.
func TestWarmedToCapacity(t *testing.T) {
	for _, size := range []int{1000, 10_000, 100_000} {
		c := ours[int, int](t, size)
		r := documented[int, int](t, size)
		missing, missed := 0, 0
		for i := range size {
			c.Set(i, i)
			r.Set(i, i, 1)
		}
		for i := range size {
			if _, ok := c.Get(i); !ok {
				missing++
			}
			if _, ok := r.Get(i); !ok {
				missed++
			}
		}
		t.Logf("of %d, cache misses %d, ristretto %d", size, missing, missed)
		if missing > 0 {
			t.Errorf("%d of %d are not there", missing, size)
		}
		_ = c.Close()
		r.Close()
	}
}

// TestSetThenGet sets keys that were never seen, in a cache that is full, and
// reads each at once.
func TestSetThenGet(t *testing.T) {
	const size, more = 1000, 10_000
	c := ours[int, int](t, size)
	defer c.Close()
	r := documented[int, int](t, size)
	defer r.Close()
	missing, missed := 0, 0
	for i := range size + more {
		c.Set(i, i)
		r.Set(i, i, 1)
		if _, ok := c.Get(i); !ok {
			missing++
		}
		if _, ok := r.Get(i); !ok {
			missed++
		}
	}
	t.Logf("of %d, cache misses %d, ristretto %d", size+more, missing, missed)
	if missing > 0 {
		t.Errorf("%d of %d are not read by the next Get", missing, size+more)
	}
}
