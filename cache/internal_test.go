package cache

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// check compares the books of a cache with what is there, and with ristretto.
func check[K comparable, V any](c *Cache[K, V]) error {
	c.Stats() // until ristretto has decided
	c.mu.Lock()
	defer c.mu.Unlock()
	main := make(map[*entry[K, V]]bool)
	entries, window, cost, mainCost := 0, 0, int64(0), int64(0)
	t := c.found.Load()
	for i := range t.slots {
		e := t.at(uint64(i))
		if e == nil {
			continue
		}
		entries, cost = entries+1, cost+e.cost()
		switch e.place {
		case inWindow:
			window++
		case inMain:
			main[e] = true
			mainCost += e.cost()
		default:
			return fmt.Errorf("key %v is found and is nowhere", e.key)
		}
		if t.find(c.hash(e.key), e.key) != e {
			return fmt.Errorf("key %v is in a slot where it is not found", e.key)
		}
	}
	held := 0
	var stray *entry[K, V]
	c.main.r.IterValues(func(e *entry[K, V]) bool {
		held++
		if !main[e] {
			stray = e
		}
		return false
	})
	switch {
	case stray != nil:
		return fmt.Errorf("ristretto holds key %v, which is not there", stray.key)
	case held != len(main):
		return fmt.Errorf("ristretto holds %d entries, and %d are said to be with it", held, len(main))
	case entries != t.live || cost != c.cost:
		return fmt.Errorf("%d entries of cost %d; the books say %d of %d", entries, cost, t.live, c.cost)
	case window != c.window.count || mainCost != c.main.cost:
		return fmt.Errorf("%d in the window, main of cost %d; the books say %d, %d", window, mainCost, c.window.count, c.main.cost)
	case c.main.max-c.main.r.RemainingCost() != mainCost:
		return fmt.Errorf("main has a cost of %d; ristretto says %d", mainCost, c.main.max-c.main.r.RemainingCost())
	}
	return nil
}

// TestAgainstAModel does at random what can be done, one after the other: what
// is found is always what was set last, and the books agree with ristretto.
func TestAgainstAModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(2, 60).Draw(t, "size")
		bytes := rapid.Bool().Draw(t, "by cost")
		o := &Options[int, int]{MaxEntries: size}
		if bytes {
			o = &Options[int, int]{MaxCost: int64(size)}
		}
		c, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		if rapid.IntRange(0, 3).Draw(t, "collisions") == 0 {
			c.hashMask = 7
		}
		model, tags := map[int]int{}, map[int]string{}
		key := rapid.IntRange(0, 100)
		tag := rapid.SampledFrom([]string{"x", "y"})
		set := func(k, v int, tag string, cost int64) {
			c.SetItem(Item[int, int]{Key: k, Value: v, Tags: []string{tag}, Cost: cost})
			model[k], tags[k] = v, tag
			if got, ok := c.Get(k); bytes && cost > int64(size) {
				if ok {
					t.Fatalf("%d is kept, which is too large", k)
				}
			} else if !ok || got != v {
				t.Fatalf("Get(%d) = %d, %v after Set of %d", k, got, ok, v)
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"set": func(t *rapid.T) {
				set(key.Draw(t, "key"), rapid.Int().Draw(t, "value"), tag.Draw(t, "tag"), rapid.Int64Range(1, 10).Draw(t, "cost"))
			},
			"set many": func(t *rapid.T) {
				first := key.Draw(t, "key")
				for i := range 50 {
					set(first+i, i, "x", 1)
				}
			},
			"get": func(t *rapid.T) {
				k := key.Draw(t, "key")
				if v, ok := c.Get(k); ok {
					if want, there := model[k]; !there || v != want {
						t.Fatalf("Get(%d) = %d, where %d, %v was set", k, v, want, there)
					}
				}
			},
			"delete": func(t *rapid.T) {
				k := key.Draw(t, "key")
				c.Delete(k)
				delete(model, k)
			},
			"delete tag": func(t *rapid.T) {
				tag := tag.Draw(t, "tag")
				c.DeleteTag(tag)
				for k := range model {
					if tags[k] == tag {
						delete(model, k)
					}
				}
			},
			"delete those above": func(t *rapid.T) {
				least := key.Draw(t, "key")
				c.DeleteFunc(func(k int) bool { return k >= least })
				for k := range model {
					if k >= least {
						delete(model, k)
					}
				}
			},
			"clear": func(*rapid.T) {
				c.Clear()
				clear(model)
			},
			"": func(t *rapid.T) {
				for k := range 200 {
					if v, ok := c.Get(k); ok && v != model[k] {
						t.Fatalf("Get(%d) = %d, where %d was set", k, v, model[k])
					}
				}
				if err := check(c); err != nil {
					t.Fatal(err)
				}
				// The newest entry stays whatever it costs, and ristretto makes no room
				// for what costs more than it did under the same key before the next comes.
				if s := c.Stats(); s.Cost > s.MaxCost+2*9 || !bytes && s.Cost > s.MaxCost {
					t.Fatalf("a cost of %d, where %d may be", s.Cost, s.MaxCost)
				}
			},
		})
	})
}

// TestTheBooksAfterAStorm has many goroutines do everything at once, and then
// compares.
func TestTheBooksAfterAStorm(t *testing.T) {
	for name, mask := range map[string]uint64{"": ^uint64(0), "with collisions": 31} {
		t.Run(name, func(t *testing.T) {
			c, err := New(&Options[int, int]{MaxEntries: 200, TTL: time.Hour})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = c.Close() }()
			c.hashMask = mask
			var all sync.WaitGroup
			for g := range 4 {
				all.Go(func() {
					for i := range 4000 {
						key := (i*31 + g*17) % 600
						switch {
						case i%1000 == 999:
							c.Clear()
						case i%100 == 99:
							c.DeleteFunc(func(k int) bool { return k%7 == g })
						case i%11 == 0:
							c.Delete(key)
						case i%3 == 0:
							c.Get(key)
						case i%13 == 0:
							c.SetItem(Item[int, int]{Key: key, Value: i, TTL: time.Nanosecond})
						default:
							c.SetItem(Item[int, int]{Key: key, Value: i, Tags: []string{"t"}})
						}
					}
				})
			}
			all.Wait()
			if err := check(c); err != nil {
				t.Error(err)
			}
			tagged := 0
			for range c.tagged["t"] {
				tagged++
			}
			if n := c.DeleteTag("t"); n != tagged || len(c.tagged) != 0 {
				t.Errorf("%d of %d were deleted by tag; %d tags are left", n, tagged, len(c.tagged))
			}
		})
	}
}

// TestKeysWithOneHash are never taken for each other.
func TestKeysWithOneHash(t *testing.T) {
	c, err := New[string, string](nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	c.hashMask = 0
	for i := range 100 {
		key := fmt.Sprint(i)
		c.Set(key, key)
		for k := range 100 {
			if v, ok := c.Get(fmt.Sprint(k)); ok && v != fmt.Sprint(k) {
				t.Fatalf("Get(%d) = %s", k, v)
			}
		}
	}
	if err := check(c); err != nil {
		t.Error(err)
	}
}

// TestWhoComesLateLoadsNothing misses, and asks for a load when another has just
// landed.
func TestWhoComesLateLoadsNothing(t *testing.T) {
	c, err := New[string, int](nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	c.loads.mu.Lock()
	got := make(chan int)
	go func() {
		v, _ := c.GetOrLoad(t.Context(), "a", func(context.Context, string) (int, error) { return 2, nil })
		got <- v
	}()
	for c.counts.sums()[misses] == 0 {
		runtime.Gosched()
	}
	c.keep(c.hash("a"), &entry[string, int]{key: "a", value: 1})
	c.loads.mu.Unlock()
	if v := <-got; v != 1 {
		t.Errorf("GetOrLoad = %d, by a load of its own", v)
	}
}

// TestManyFindThatItExpired has each of them take it out: only one may.
func TestManyFindThatItExpired(t *testing.T) {
	c, err := New[string, int](nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	c.SetItem(Item[string, int]{Key: "a", TTL: 1})
	h := c.hash("a")
	e := c.found.Load().find(h, "a")
	for range 3 {
		c.expire(h, e)
	}
	if s := c.Stats(); s.Expirations != 1 || s.Entries != 0 {
		t.Errorf("%+v", s)
	}
}

// TestUsesBesideClose tells ristretto of uses while it is closed, which it does
// not bear: it sends on channels that it has closed.
func TestUsesBesideClose(t *testing.T) {
	for range 200 {
		m, err := newRegion[int, int](100, 100)
		if err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		var closed atomic.Bool
		for range 4 {
			all.Go(func() {
				for h := uint64(0); !closed.Load(); h++ {
					m.tell(h)
				}
			})
		}
		m.close()
		closed.Store(true)
		all.Wait()
	}
}

func TestTheHistoryIsHalved(t *testing.T) {
	s := newSketch(100)
	for range 15 {
		s.add(1)
	}
	if n := s.count(1); n != 15 {
		t.Fatalf("counted %d of 15", n)
	}
	for h := uint64(2); s.count(1) == 15; h++ {
		s.add(h * 0x9e3779b97f4a7c15)
		if h > 5000 {
			t.Fatal("it is never halved")
		}
	}
	if n := s.count(1); n != 7 {
		t.Errorf("half of 15 is %d", n)
	}
}
