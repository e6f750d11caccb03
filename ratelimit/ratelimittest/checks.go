package ratelimittest

import (
	"math"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/sethvargo/go-limiter"
)

var checks = []check{
	{"a new bucket is full, and then it is empty", func(b *bench) {
		for range 5 {
			b.admits("key", 1)
		}
		b.refuses("key", 1)
		b.has("key", 0)
	}},
	{"each key has its own bucket", func(b *bench) {
		b.admits("key", 5)
		for _, other := range []string{"", "Key", "key ", "key\x00", "key\n", "k:ey", "{key}", strings.Repeat("k", 200), strings.Repeat("k", 201), strings.Repeat("k", 1<<16)} {
			b.has(other, 5)
			b.admits(other, 5)
			b.refuses(other, 1)
		}
	}},
	{"tokens come back one by one, each after as long as was told", func(b *bench) {
		b.admits("key", 5)
		for range 3 {
			r := b.refuses("key", 1)
			if r.Wait < 59*time.Second || r.Wait > 61*time.Second {
				b.t.Errorf("one token a minute, and a wait of %v", r.Wait)
			}
			b.Advance((r.Wait - time.Second).Truncate(time.Microsecond))
			b.refuses("key", 1)
			b.Advance(time.Second + time.Microsecond)
			b.admits("key", 1)
		}
	}},
	{"a bucket never holds more than the burst", func(b *bench) {
		b.admits("key", 3)
		b.Advance(365 * 24 * time.Hour)
		b.has("key", 5)
		b.admits("key", 5)
		b.refuses("key", 1)
	}},
	{"who is refused pays nothing", func(b *bench) {
		b.admits("key", 4)
		for range 10 {
			b.refuses("key", 2)
		}
		b.admits("key", 1)
	}},
	{"ten tenths are one", func(b *bench) {
		b.admits("key", 4)
		for range 10 {
			b.admits("key", 0.1)
		}
		b.refuses("key", 0.1)
	}},
	{"a fraction is the nearest thousandth", func(b *bench) {
		for range 4 {
			b.admits("key", 1.001) // in floating point that is 1000.9999999999999 thousandths
		}
		b.has("key", 0.996)
	}},
	{"what costs anything costs a thousandth", func(b *bench) {
		b.admits("key", 4.999)
		b.admits("key", 1e-9)
		b.refuses("key", 1e-9)
	}},
	{"looking takes nothing and is not refused", func(b *bench) {
		b.admits("key", 5)
		b.has("key", 0)
		b.has("other", 5)
		b.Advance(90 * time.Second)
		b.has("key", 1.5)
		b.admits("key", 1)
	}},
	{"more than a bucket holds is never there", func(b *bench) {
		b.refuses("key", 5.001)
		b.refuses("key", math.MaxFloat64)
		b.refuses("key", math.Inf(1))
		b.has("key", 5)
	}},
	{"what is no number of tokens is an error", func(b *bench) {
		for _, n := range []float64{-1, math.NaN(), math.Inf(-1)} {
			_, err := b.Store.TakeN(b.ctx, "key", n)
			b.fails("TakeN", err, nil)
			_, err = b.Store.Charge(b.ctx, "key", n)
			b.fails("Charge", err, nil)
		}
		b.has("key", 5)
	}},
	{"a charge is owed where it is not there", func(b *bench) {
		b.admits("key", 4)
		if r := b.charge("key", 3); !r.OK || !near(r.Remaining, -2) {
			b.t.Errorf("after a charge of 3 to 1: %+v", r)
		}
		b.has("key", -2)
		b.Advance(150 * time.Second)
		b.has("key", 0.5)
		if r := b.refuses("key", 1); r.Wait < 29*time.Second || r.Wait > 31*time.Second {
			b.t.Errorf("half a token is missing, and the wait is %v", r.Wait)
		}
		b.Advance(31 * time.Second)
		b.admits("key", 1)
	}},
	{"Take takes one token and tells when there is another", func(b *bench) {
		for want := uint64(5); want > 0; want-- {
			tokens, remaining, reset, ok, err := b.Store.Take(b.ctx, "key")
			if tokens != 5 || remaining != want-1 || !ok || err != nil || reset == 0 {
				b.t.Errorf("Take of %d: %d %d %d %v %v", want, tokens, remaining, reset, ok, err)
			}
		}
		tokens, remaining, first, ok, err := b.Store.Take(b.ctx, "key")
		if tokens != 5 || remaining != 0 || ok || err != nil {
			b.t.Errorf("Take of none: %d %d %v %v", tokens, remaining, ok, err)
		}
		b.charge("key", 2)
		_, _, later, _, _ := b.Store.Take(b.ctx, "key")
		if between := time.Duration(later - first); between < 119*time.Second || between > 121*time.Second {
			b.t.Errorf("two tokens later is %v later", between)
		}
	}},
	{"Get looks", func(b *bench) {
		b.admits("key", 1.5)
		for range 2 {
			tokens, remaining, err := b.Store.Get(b.ctx, "key")
			if diff := cmp.Diff([]uint64{5, 3}, []uint64{tokens, remaining}); diff != "" || err != nil {
				b.t.Errorf("%v %s", err, diff)
			}
		}
	}},
	{"Set gives a bucket its own limit, full, and leaves the others", func(b *bench) {
		b.admits("key", 5)
		if err := b.Store.Set(b.ctx, "key", 10, 1000*time.Second); err != nil {
			b.t.Fatal(err)
		}
		b.admits("key", 10)
		b.refuses("key", 1)
		b.Advance(101 * time.Second)
		b.admits("key", 1)
		b.refuses("key", 1)
		b.Advance(24 * time.Hour)
		b.has("key", 10)
		b.has("other", 5)
	}},
	{"Set refuses what is no limit", func(b *bench) {
		b.fails("no tokens", b.Store.Set(b.ctx, "key", 0, time.Second), nil)
		b.fails("no interval", b.Store.Set(b.ctx, "key", 1, 0), nil)
		b.fails("too many", b.Store.Set(b.ctx, "key", math.MaxUint64, time.Second), nil)
		b.has("key", 5)
	}},
	{"Burst adds to what is there, for as long as a bucket takes to fill", func(b *bench) {
		b.admits("key", 5)
		if err := b.Store.Burst(b.ctx, "key", 3); err != nil {
			b.t.Fatal(err)
		}
		b.has("key", 3)
		b.admits("key", 2)
		b.Advance(time.Minute)
		b.has("key", 2)
		b.Advance(5 * time.Minute)
		b.has("key", 5)
		if err := b.Store.Burst(b.ctx, "new", 2); err != nil {
			b.t.Fatal(err)
		}
		b.has("new", 7)
		b.admits("new", 7)
		b.refuses("new", 1)
	}},
	{"a closed store says so", func(b *bench) {
		for range 2 {
			if err := b.Store.Close(b.ctx); err != nil {
				b.t.Fatal(err)
			}
		}
		_, _, _, ok, err := b.Store.Take(b.ctx, "key")
		b.fails("Take", err, limiter.ErrStopped)
		if ok {
			b.t.Error("a closed store admits")
		}
		_, err = b.Store.TakeN(b.ctx, "key", 1)
		b.fails("TakeN", err, limiter.ErrStopped)
		_, err = b.Store.Charge(b.ctx, "key", 1)
		b.fails("Charge", err, limiter.ErrStopped)
		_, _, err = b.Store.Get(b.ctx, "key")
		b.fails("Get", err, limiter.ErrStopped)
		b.fails("Set", b.Store.Set(b.ctx, "key", 1, time.Second), limiter.ErrStopped)
		b.fails("Burst", b.Store.Burst(b.ctx, "key", 1), limiter.ErrStopped)
	}},
}
